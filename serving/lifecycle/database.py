"""Penstock's own database: short transactions, on SQLite or PostgreSQL.

One object serves threads and forked processes alike, see `engines`; the tables are those of `schema`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from serving.lifecycle import schema
from serving.lifecycle.engines import engine_of, reading
from serving.lifecycle.errors import LifecycleError

METADATA = sa.MetaData()


class Database:
    """Transactions on one database; it is reached, and its tables looked at, when first used.

    Args:
        url: An SQLAlchemy URL.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: tuple[int, sa.Engine] | None = None

    @contextmanager
    def begin(self, *, is_read_only: bool = False) -> Iterator[sa.Connection]:
        """One transaction, committed at the end, rolled back when anything is raised.

        A writing transaction holds the database's write lock from its start.

        Raises:
            sqlalchemy.exc.IntegrityError: A row of that key is there.
            LifecycleError: The database cannot be reached or refuses.
        """
        try:
            engine = self._ready()
            options = reading(engine) if is_read_only else {}
            with engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        except sa.exc.IntegrityError:
            raise
        except ModuleNotFoundError as error:
            raise LifecycleError(
                f"{self._name()} could not be used: {_first_line(error)}; install the extra 'postgresql'"
            ) from error
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise LifecycleError(f"{self._name()} could not be used: {_first_line(error)}") from error

    def engine(self) -> sa.Engine:
        """What reaches the database, whatever the state of its tables.

        Raises:
            LifecycleError: The URL cannot be used.
        """
        try:
            return engine_of(self._url)
        except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
            raise LifecycleError(f"{self._name()} could not be used: {_first_line(error)}") from error

    def _ready(self) -> sa.Engine:
        opened = self._opened
        if opened is None or opened[0] != os.getpid():
            engine = engine_of(self._url)
            if opened is None:
                schema.make_sure(engine, self._name())
            self._opened = opened = (os.getpid(), engine)
        return opened[1]

    def _name(self) -> str:
        try:
            return f"the database '{sa.make_url(self._url).render_as_string(hide_password=True)}'"
        except sa.exc.ArgumentError:
            return "the database"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
