"""Penstock's own database: short transactions, on SQLite or any server that SQLAlchemy reaches.

No connection outlives its transaction, so one object serves threads and forked processes alike.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from serving.lifecycle.errors import LifecycleError

METADATA = sa.MetaData()
_LOCK_WAIT_S = 15


class Database:
    """Transactions on one database; it is reached, and its tables made, when first used.

    Args:
        url: An SQLAlchemy URL.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: sa.Engine | None = None
        self._making = threading.Lock()

    @contextmanager
    def begin(self, *, is_read_only: bool = False) -> Iterator[sa.Connection]:
        """One transaction, committed at the end, rolled back when anything is raised.

        On SQLite a writing transaction holds the write lock from its start.

        Raises:
            sqlalchemy.exc.IntegrityError: A row of that key is there.
            LifecycleError: The database cannot be reached or refuses.
        """
        try:
            engine = self._ready()
            with (
                engine.connect().execution_options(is_read_only=is_read_only) as connection,
                connection.begin(),
            ):
                yield connection
        except sa.exc.IntegrityError:
            raise
        except (sa.exc.SQLAlchemyError, ModuleNotFoundError, OSError) as error:
            raise LifecycleError(f"{self._name()} could not be used: {_first_line(error)}") from error

    def _ready(self) -> sa.Engine:
        with self._making:
            if self._engine is None:
                engine = _open(self._url)
                _make_tables(engine)
                self._engine = engine
            return self._engine

    def _name(self) -> str:
        try:
            return f"the database '{sa.make_url(self._url).render_as_string(hide_password=True)}'"
        except sa.exc.ArgumentError:
            return "the database"


def _open(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, poolclass=sa.NullPool)
    if parsed.database and not parsed.database.startswith((":memory:", "file:")):
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(parsed, poolclass=sa.NullPool, connect_args={"timeout": _LOCK_WAIT_S})
    sa.event.listen(engine, "connect", _leave_begin_to_us)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _leave_begin_to_us(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None


def _begin(connection: sa.Connection) -> None:
    is_read_only = connection.get_execution_options().get("is_read_only", False)
    connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")


def _make_tables(engine: sa.Engine) -> None:
    try:
        with engine.begin() as connection:
            _make_missing(connection)
    # Another process made them at the same time.
    except (sa.exc.ProgrammingError, sa.exc.IntegrityError, sa.exc.OperationalError):
        with engine.begin() as connection:
            _make_missing(connection)


def _make_missing(connection: sa.Connection) -> None:
    """Make tables that are not there, and columns that came later; those have a default for older rows."""
    METADATA.create_all(connection)
    inspector = sa.inspect(connection)
    for table in METADATA.sorted_tables:
        later = [column for column in table.columns if column.server_default is not None]
        there = {column["name"] for column in inspector.get_columns(table.name)} if later else set()
        for column in later:
            if column.name not in there:
                words = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {words}")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
