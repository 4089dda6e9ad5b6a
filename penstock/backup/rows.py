"""Tables as rows that any database takes: JSON lines, one table after the other, in one gzip file."""

import gzip
import json
import math
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from penstock.problems import Away
from serving.lifecycle import schema
from serving.lifecycle.engines import engine_of, parsed, reading

if TYPE_CHECKING:
    from penstock.backup.databases import Place

_AT_ONCE = 1000
_OF_ACCOUNTS = "alembic_version_auth"
VERSIONS = (schema.VERSIONS, "alembic_version", _OF_ACCOUNTS)
"""Tables that tell the version of the others: Penstock's, MLflow's and its accounts'."""


def dump(engine: sa.Engine, tables: Sequence[str], to: Path, without: Sequence[str]) -> None:
    """Write tables as they are at one moment."""
    with (
        gzip.open(to, "wt", encoding="utf-8") as file,
        engine.connect().execution_options(**reading(engine)) as connection,
        connection.begin(),
    ):
        for name in tables:
            table = sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
            columns = [column.name for column in table.columns]
            file.write(json.dumps({"table": name, "columns": columns}) + "\n")
            if name in without:
                continue
            rows = connection.execution_options(yield_per=_AT_ONCE).execute(sa.select(table))
            for row in rows:
                file.write(json.dumps([_plain(value) for value in row], ensure_ascii=False) + "\n")


def load(place: "Place", file: Path) -> None:
    """Make the tables of an empty database, and fill them, all or nothing.

    Raises:
        Away: The tables could not be made, or are of another version than the dump's.
        sqlalchemy.exc.SQLAlchemyError: The database refuses.
    """
    engine = engine_of(place.url)
    kept = _unpacked(file)
    if place.name == "penstock":
        schema.upgrade(engine, place.shown())
    else:
        _make_mlflow(place, kept)
    metadata = sa.MetaData()
    metadata.reflect(engine, only=place.tables())
    if missing := kept.keys() - metadata.tables.keys():
        raise Away(
            f"the back-up has tables that are not there ({', '.join(sorted(missing))}); use the same versions"
        )
    versions = [name for name in VERSIONS if name in metadata.tables and name in kept]
    with engine.connect() as connection, connection.begin():
        for name in versions:
            _compare(connection, metadata.tables[name], list(kept[name].rows()))
        ours = [table for table in metadata.sorted_tables if table.name not in VERSIONS]
        for table in reversed(ours):
            connection.execute(sa.delete(table))
        for table in ours:
            if table.name in kept:
                _fill(connection, table, kept[table.name])
        _go_on_counting(connection, metadata.sorted_tables)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A table of a dump: its columns, and where its rows begin in the unpacked file, in bytes."""

    file: Path
    columns: Sequence[str]
    begin: int

    def rows(self) -> Iterator[list[Any]]:
        with self.file.open("rb") as lines:
            lines.seek(self.begin)
            for line in takewhile(lambda line: not line.startswith(b"{"), lines):
                yield json.loads(line)


def _unpacked(file: Path) -> dict[str, _Kept]:
    """The tables of a dump, laid beside it: they are filled parents first, whatever their order in it."""
    plain = file.with_name(f"{file.name}.plain")
    found: dict[str, _Kept] = {}
    with gzip.open(file, "rb") as lines, plain.open("wb") as target:
        for line in lines:
            target.write(line)
            if line.startswith(b"{"):
                told = json.loads(line)
                found[told["table"]] = _Kept(plain, told["columns"], target.tell())
    return found


def _fill(connection: sa.Connection, table: sa.Table, kept: _Kept) -> None:
    rows = kept.rows()
    while some := list(islice(rows, _AT_ONCE)):
        told = [
            {name: _typed(table.c[name], value) for name, value in zip(kept.columns, row, strict=True)}
            for row in some
        ]
        connection.execute(sa.insert(table), told)


def _compare(connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[Any]]) -> None:
    there = sorted(str(row[0]) for row in connection.execute(sa.select(table)))
    kept = sorted(str(row[0]) for row in rows)
    # A database that Penstock has never used bears no version yet.
    if kept and there != kept:
        raise Away(
            f"the back-up's tables are of version {', '.join(kept)} and these of {', '.join(there)}; restore "
            "with the Penstock and MLflow that made it, then upgrade"
        )


def _go_on_counting(connection: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """PostgreSQL's counters begin behind the rows that came with their numbers."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        for column in table.primary_key.columns:
            if "nextval(" in str(getattr(column.server_default, "arg", "")):
                counter = sa.func.pg_get_serial_sequence(table.name, column.name)
                highest = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
                connection.execute(sa.select(sa.func.setval(counter, highest, sa.false())))


_MAKE = """
import json, sys
url, wanted = json.loads(sys.stdin.read())
if "tracking" in wanted:
    from mlflow.store.db import utils
    utils._initialize_tables(utils.create_sqlalchemy_engine_with_retry(url))
if "accounts" in wanted:
    import sqlalchemy
    from mlflow.server.auth.db import utils
    utils.migrate(sqlalchemy.create_engine(url), "head")
"""


def _make_mlflow(place: "Place", tables: Collection[str]) -> None:
    """MLflow makes its own tables, in a process of its own: it keeps the database open for good."""
    has_accounts = place.name == "accounts" or _OF_ACCOUNTS in tables
    wanted = ["tracking"] * (place.name == "mlflow") + ["accounts"] * has_accounts
    # Not as an argument: every user of the machine may read those, and the URL holds a password.
    told = [parsed(place.url).render_as_string(hide_password=False), wanted]
    done = subprocess.run(
        [sys.executable, "-c", _MAKE], input=json.dumps(told), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise Away(f"MLflow could not make its tables: {said[0][:300]}; see that the database can be reached")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"bytes": b64encode(bytes(value)).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date):
        return {"time": value.isoformat()}
    return value


def _typed(column: sa.Column[Any], value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        if "bytes" in value:
            return b64decode(value["bytes"])
        if "number" in value:
            return float(value["number"])
        if "time" in value:
            return datetime.fromisoformat(value["time"])
    if value is not None and isinstance(column.type, sa.Boolean):
        return bool(value)
    return value
