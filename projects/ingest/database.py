"""Databases: a table or a query of any SQLAlchemy URL, its rows streamed into a staged table."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.names import clean_names, table_name
from projects.ingest.raw import TEXT, Facts, RawTable
from projects.ingest.staging import READING, as_text, stage
from projects.ingest.workspace import Workspace
from projects.passwords import shown
from projects.requirement.sections import Database

if TYPE_CHECKING:
    import sqlalchemy as sa

CHUNK_ROWS = 5_000


def read_database(place: Database, work: Workspace) -> list[RawTable]:
    """Read a table or a query.

    Raises:
        BadInput: The database cannot be reached, or has no such table.
    """
    return read_tables(place.url, work, table=place.table, query=place.query)


def read_tables(
    url: str, work: Workspace, *, table: str | None = None, query: str | None = None
) -> list[RawTable]:
    """Read a table or what a query selects; without either, all tables of the database.

    Raises:
        BadInput: The database cannot be reached, or has no such table.
    """
    import sqlalchemy as sa

    engine = _engine(_with_secrets(url, os.environ))
    place = shown(engine.url.render_as_string(hide_password=True))
    try:
        with engine.connect().execution_options(stream_results=True, yield_per=CHUNK_ROWS) as connection:
            if query:
                return [_staged(sa.text(query), place, "query", connection, work)]
            return [_table(name, place, connection, work) for name in _names(table, place, connection)]
    except sa.exc.SQLAlchemyError as error:
        raise BadInput(f"the database {place} cannot be read; {shown(_first_line(error))}") from error
    finally:
        engine.dispose()


def _engine(url: str) -> "sa.Engine":
    import sqlalchemy as sa

    try:
        return sa.create_engine(url)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        why = shown(_first_line(error))
        raise BadInput(f"'{shown(url)}' is no database URL that can be used; {why}") from error


def is_database_url(text: str) -> bool:
    """Whether a source is a database's URL: `dialect://` or `dialect+driver://`."""
    return bool(re.match(r"[a-z][a-z0-9_]*(\+[a-z0-9_]+)?://", text)) and not text.startswith(
        ("s3://", "file://")
    )


def _names(table: str | None, place: str, connection: "sa.Connection") -> list[str]:
    import sqlalchemy as sa

    inspector = sa.inspect(connection)
    names = [*inspector.get_table_names(), *inspector.get_view_names()]
    if table is None:
        if not names:
            raise BadInput(f"the database {place} has no tables")
        return sorted(names)
    if "." not in table and table not in names:
        raise BadInput(f"the database {place} has no table '{table}'; {did_you_mean(table, names)}")
    return [table]


def _table(name: str, place: str, connection: "sa.Connection", work: Workspace) -> RawTable:
    import sqlalchemy as sa

    schema, _, table = name.rpartition(".")
    selected = sa.select(sa.text("*")).select_from(sa.table(table, schema=schema or None))
    return _staged(selected, place, name, connection, work)


def _staged(
    query: "sa.Executable", place: str, name: str, connection: "sa.Connection", work: Workspace
) -> RawTable:
    result = connection.execute(query)
    names = clean_names(list(result.keys()))
    path, digest = work.new_path(".parquet"), hashlib.sha256()
    rows = stage(path, _digested(result, digest), len(names.clean))
    facts = Facts(f"{place}#{name}", "database", digest.hexdigest(), path.stat().st_size, rows=rows)
    kinds = (TEXT,) * len(names.clean)
    return RawTable(table_name(name), facts, READING, (path,), names.clean, kinds)


def _digested(result: "sa.CursorResult[object]", digest: "hashlib._Hash") -> Iterator[Sequence[object]]:
    for row in result:
        cells = tuple(as_text(cell) for cell in row)
        digest.update(repr(cells).encode())
        yield cells


def _with_secrets(url: str, environ: Mapping[str, str]) -> str:
    def value(match: "re.Match[str]") -> str:
        name = match.group(1)
        if name not in environ:
            raise BadInput(
                f"the database's URL needs the environment variable {name}, which is not set; set it"
            )
        return environ[name]

    return re.sub(r"\$\{(\w+)\}", value, url)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
