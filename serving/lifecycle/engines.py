"""How databases are reached: SQLite by a connection a transaction, servers by a pool that forks do not share.

On every database a writing transaction holds the one write lock from its start, so that what it has read is
still so when it writes; a reading one sees one moment. SQLite does both by `BEGIN IMMEDIATE` and `BEGIN`;
PostgreSQL by an advisory lock of the transaction and by `REPEATABLE READ READ ONLY`.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa

LOCK_WAIT_S = 15
WRITERS = 0x70656E73746F636B
"""The advisory lock that writing transactions take: `penstock` in ASCII."""
_CONNECT_S = 5
_IDLE_S = 60
_KEPT, _MORE = 4, 8
MOST_CONNECTIONS = _KEPT + _MORE
"""What a process opens to one server at the most; `infra/scaling/connections.py` adds them up."""
_POOL: dict[str, Any] = {
    "pool_size": _KEPT,
    "max_overflow": _MORE,
    "pool_timeout": LOCK_WAIT_S,
    "pool_recycle": 600,
    # Those that a restarted server closed are found out before they are used.
    "pool_pre_ping": True,
}
_POSTGRESQL: dict[str, Any] = {
    "connect_timeout": _CONNECT_S,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": LOCK_WAIT_S * 1000,
    "application_name": "penstock",
}
_SET = (
    f"SET lock_timeout = '{LOCK_WAIT_S}s'",
    # A client that hangs in its transaction would hold all writers up.
    f"SET idle_in_transaction_session_timeout = '{_IDLE_S}s'",
)
_ALIKE = ("postgresql", "postgres", "postgresql+psycopg2")
_engines: dict[tuple[int, sa.URL], sa.Engine] = {}
"""This process's, and those that it inherited: a closed copy of a connection would end the parent's."""


def parsed(url: str) -> sa.URL:
    """A URL with the driver that Penstock brings, where PostgreSQL's names none, or MLflow's.

    Raises:
        sqlalchemy.exc.ArgumentError: It is no URL.
    """
    found = sa.make_url(url)
    return found.set(drivername="postgresql+psycopg") if found.drivername in _ALIKE else found


def engine_of(url: str) -> sa.Engine:
    """What reaches a database; on servers the process's one for that URL.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The URL cannot be used.
        ModuleNotFoundError: Its driver is not installed.
    """
    where = parsed(url)
    if where.get_backend_name() == "sqlite":
        return _sqlite(where)
    key = (os.getpid(), where)
    if key not in _engines:
        # Without a lock, which a fork could inherit closed; of two that are made at once one is never used.
        _engines.setdefault(key, _server(where))
    return _engines[key]


def reading(engine: sa.Engine) -> dict[str, Any]:
    """The options of a transaction that only reads."""
    if engine.dialect.name == "postgresql":
        return {"is_read_only": True, "isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {"is_read_only": True}


def _sqlite(where: sa.URL) -> sa.Engine:
    if where.database and not where.database.startswith((":memory:", "file:")):
        Path(where.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(where, poolclass=sa.NullPool, connect_args={"timeout": LOCK_WAIT_S})
    sa.event.listen(engine, "connect", _leave_begin_to_us)
    sa.event.listen(engine, "begin", _begin)
    sa.event.listen(engine, "before_cursor_execute", _plain, retval=True)
    return engine


def _server(where: sa.URL) -> sa.Engine:
    is_ours = where.drivername == "postgresql+psycopg"
    chosen = {name: value for name, value in _POSTGRESQL.items() if is_ours and name not in where.query}
    engine = sa.create_engine(where, connect_args=chosen, **_POOL)
    if engine.dialect.name == "postgresql":
        sa.event.listen(engine, "connect", _set_bounds)
        sa.event.listen(engine, "begin", _stand_in_line)
    sa.event.listen(engine, "before_cursor_execute", _plain, retval=True)
    return engine


def _leave_begin_to_us(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None


def _begin(connection: sa.Connection) -> None:
    is_read_only = connection.get_execution_options().get("is_read_only", False)
    connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")


def _set_bounds(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        for sentence in _SET:
            cursor.execute(sentence)
    connection.commit()


def _stand_in_line(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("is_read_only", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")


def _plain(
    _connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool
) -> tuple[str, Any]:
    """Texts as every database holds them; SQLite alone would take NUL, and none takes half characters."""
    if is_many:
        return statement, [plain_all(each) for each in parameters]
    return statement, plain_all(parameters)


def plain_all(values: Any) -> Any:
    """The values of a row or of a statement, their texts made plain."""
    if isinstance(values, dict):
        return {name: plain(value) for name, value in values.items()}
    return tuple(plain(value) for value in values)


def plain(value: Any) -> Any:
    """A text as every database holds it: no half characters, no NUL; anything else as it is."""
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    return value.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
