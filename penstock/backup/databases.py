"""A database as one file: SQLite's own copy, PostgreSQL's own dump, or rows that any database takes.

Penstock's tables and MLflow's may share a database; each file holds its own only.
"""

import errno
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from penstock.backup import rows
from penstock.problems import Away, BadRequest, Conflict
from serving.lifecycle.engines import engine_of, parsed

Kind = Literal["sqlite", "pg_dump", "rows"]
OURS = "penstock_"
SECRETS = ("penstock_secrets", "penstock_sessions")
"""Tables whose rows are left out unless the operator wants them."""
DELETED_VERSION = "Deleted_Internal"
"""The stage of a version that was deleted, in MLflow's tables: the row stays."""


@dataclass(frozen=True, slots=True)
class Place:
    """Tables in a database.

    Attributes:
        name: `mlflow`, `accounts` (MLflow's, where they have a database of their own) or `penstock`.
        url: The database, as an SQLAlchemy URL.
    """

    name: Literal["mlflow", "accounts", "penstock"]
    url: str

    def tables(self) -> list[str]:
        """Its own tables that are there."""
        return [name for name in sa.inspect(engine_of(self.url)).get_table_names() if self.owns(name)]

    def owns(self, table: str) -> bool:
        """Whether a table of the database is one of these."""
        return table.startswith(OURS) == (self.name == "penstock")

    def is_there(self) -> bool:
        """Whether there is such a database; of a server's it is taken for granted."""
        return not is_sqlite(self.url) or Path(parsed(self.url).database or "").exists()

    def shown(self) -> str:
        """The database without its password."""
        return parsed(self.url).render_as_string(hide_password=True)


def dump(place: Place, to: Path, *, with_secrets: bool, is_portable: bool) -> Kind:
    """Write a database's tables, as they are at one moment, while others work on it.

    Args:
        place: Which.
        to: The file.
        with_secrets: Whether secrets that Penstock made, and sessions, go along.
        is_portable: Whether another kind of database is to take them.

    Raises:
        BadRequest: There is no such database.
        Away: The database refuses.
        OSError: The disk refuses.
    """
    if not place.is_there():
        raise BadRequest(f"there is no database {place.shown()}; name the right one, or start the stack once")
    without = () if with_secrets else SECRETS
    try:
        if not is_portable and is_sqlite(place.url):
            _copy_sqlite(place, to, without)
            return "sqlite"
        if not is_portable and _has("pg_dump"):
            _pg_dump(place, to, without)
            return "pg_dump"
        rows.dump(engine_of(place.url), place.tables(), to, without)
        return "rows"
    except (sa.exc.SQLAlchemyError, sqlite3.Error, subprocess.CalledProcessError) as error:
        if _is_without_room(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(to)) from error
        raise Away(f"{place.shown()} could not be backed up: {_why(error)}; try again") from error


def refuse_full(place: Place) -> None:
    """Make sure that nothing is lost by a restore.

    Raises:
        Conflict: There are rows already.
        Away: The database refuses.
    """
    if not place.is_there():
        return
    try:
        with engine_of(place.url).connect() as connection:
            # An SQLite file is one place: whatever is in it is somebody's.
            found = sa.inspect(connection).get_table_names() if is_sqlite(place.url) else place.tables()
            full = [name for name in found if connection.execute(_any_row(name)).first() is not None]
    except sa.exc.SQLAlchemyError as error:
        raise Away(f"{place.shown()} could not be looked at: {_why(error)}; see that it runs") from error
    # Tables alone are nothing to lose. One that MLflow has started on holds its first experiment: it is full.
    full = [name for name in full if name not in rows.VERSIONS]
    if full:
        raise Conflict(
            f"{place.shown()} is not empty ('{full[0]}' has rows); restore into an empty database, "
            "or empty this one first"
        )


def load(place: Place, file: Path, kind: str) -> None:
    """Bring a dump into an empty database.

    Raises:
        BadRequest: The dump is another kind of database's.
        Away: The database refuses.
    """
    try:
        if kind == "rows":
            rows.load(place, file)
        elif is_sqlite(place.url) != (kind == "sqlite"):
            raise BadRequest(
                f"the back-up's {place.name} database is of the kind '{kind}', which {place.shown()} "
                "does not take; make a back-up with --portable to move to another kind of database"
            )
        elif kind == "sqlite":
            _put_sqlite(place, file)
        else:
            _pg_restore(place, file)
    except (sa.exc.SQLAlchemyError, sqlite3.Error, subprocess.CalledProcessError) as error:
        raise Away(f"{place.shown()} could not be restored: {_why(error)}; empty it, try again") from error


def is_sqlite(url: str) -> bool:
    """Whether a URL is SQLite's."""
    return parsed(url).get_backend_name() == "sqlite"


def _any_row(table: str) -> sa.Select[Any]:
    return sa.select(sa.literal(1)).select_from(sa.table(table)).limit(1)


def _copy_sqlite(place: Place, to: Path, without: Sequence[str]) -> None:
    path = Path(parsed(place.url).database or "")
    with _opened(f"file:{_quoted(path)}?mode=ro") as source, _opened(f"file:{_quoted(to)}") as target:
        source.backup(target)
        there = _tables(target)
        for table in there:
            if not place.owns(table):
                target.execute(f'DROP TABLE "{table}"')
        for table in (name for name in there if name in without and place.owns(name)):
            target.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a name of ours
        target.commit()
        target.execute("VACUUM")  # what was deleted leaves no bytes behind


def _put_sqlite(place: Place, file: Path) -> None:
    target = Path(parsed(place.url).database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _opened(f"file:{_quoted(file)}?mode=ro") as source, _opened(f"file:{_quoted(target)}") as there:
        if all(place.owns(table) for table in _tables(there)):
            source.backup(there)
        else:
            _add_sqlite(place, file, there)


def _add_sqlite(place: Place, file: Path, there: sqlite3.Connection) -> None:
    """Bring a copy's tables into a file that holds others' as well, all or nothing."""
    there.execute("ATTACH ? AS kept", (f"file:{_quoted(file)}?mode=ro",))
    there.execute("BEGIN IMMEDIATE")
    for table in filter(place.owns, _tables(there)):
        there.execute(f'DROP TABLE "{table}"')
    made = there.execute("SELECT type, name, sql FROM kept.sqlite_master WHERE sql IS NOT NULL").fetchall()
    named = {kind: [row for row in made if row[0] == kind] for kind in ("table", "index", "view", "trigger")}
    for kind, rows_of in named.items():
        for _, name, sql in rows_of:
            if name.startswith("sqlite_"):
                continue
            there.execute(sql)
            if kind == "table":
                there.execute(f'INSERT INTO main."{name}" SELECT * FROM kept."{name}"')  # noqa: S608 - names of the copy's tables
    if any(name == "sqlite_sequence" for _, name, _ in made):
        there.execute(
            "DELETE FROM main.sqlite_sequence WHERE name IN (SELECT name FROM kept.sqlite_sequence)"
        )
        there.execute("INSERT INTO main.sqlite_sequence SELECT * FROM kept.sqlite_sequence")
    there.commit()


def _tables(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    return [name for (name,) in connection.execute(query)]


class _opened:  # noqa: N801 - read as a function: `with _opened(...)`
    """An SQLite connection that is closed at the end; sqlite3's own context only commits."""

    def __init__(self, uri: str) -> None:
        self._connection = sqlite3.connect(uri, uri=True, timeout=60)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.absolute()))


def _pg_dump(place: Place, to: Path, without: Sequence[str]) -> None:
    which = ["--table", f"{OURS}*"] if place.name == "penstock" else ["--exclude-table", f"{OURS}*"]
    which += [word for table in without for word in ("--exclude-table-data", table)]
    options = ["--format=custom", "--no-owner", "--no-privileges", "--schema=public"]
    if place.name == "penstock":
        options.remove("--schema=public")
    _run(place.url, "pg_dump", *options, *which, "--file", str(to))


def _pg_restore(place: Place, file: Path) -> None:
    # What a first start made is empty, as was looked at before; the dump brings its own tables.
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--clean", "--if-exists"]
    _run(place.url, "pg_restore", *options, str(file))


def _run(url: str, program: str, *arguments: str) -> None:
    where = parsed(url).set(drivername="postgresql")
    environ = os.environ | ({"PGPASSWORD": str(where.password)} if where.password else {})
    plain = sa.URL.create(
        "postgresql", where.username, None, where.host, where.port, where.database, where.query
    )
    command = [program, f"--dbname={plain.render_as_string(hide_password=False)}", *arguments]
    subprocess.run(command, env=environ, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def _has(program: str) -> bool:
    return shutil.which(program) is not None


def _is_without_room(error: Exception) -> bool:
    """Whether the copy found no room where it is written; a server that has none says `ERROR:`."""
    if isinstance(error, subprocess.CalledProcessError):
        said = error.stderr.decode(errors="replace")
        return os.strerror(errno.ENOSPC) in said and "ERROR:" not in said
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def _why(error: Exception) -> str:
    said = error.stderr.decode(errors="replace") if isinstance(error, subprocess.CalledProcessError) else ""
    lines = [line for line in (said or str(error)).strip().splitlines() if line] or [type(error).__name__]
    return lines[0][:300]
