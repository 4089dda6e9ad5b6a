"""The databases and roles of the stack, made or brought up to date by PostgreSQL's administrator.

Each database belongs to a role of its own, and nobody else may connect to it.
"""

from typing import Any

import sqlalchemy as sa


def make(admin_url: str, url: str) -> str:
    """Make the role and the database that a URL names; gives a sentence of what was done.

    A role that is there gets the URL's password, so that a changed secret takes effect.

    Args:
        admin_url: An SQLAlchemy URL of somebody who may make both.
        url: An SQLAlchemy URL with user, password and database.

    Raises:
        psycopg.Error: The server refuses or is away.
    """
    import psycopg

    wanted = sa.make_url(url)
    with psycopg.connect(_conninfo(admin_url), autocommit=True) as connection:
        role = _role(connection, str(wanted.username), str(wanted.password))
        database = _database(connection, str(wanted.database), str(wanted.username))
    return f"database '{wanted.database}' {database}, role '{wanted.username}' {role}"


def _role(connection: Any, name: str, password: str) -> str:
    from psycopg import sql

    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    verb = "ALTER" if found else "CREATE"
    words = sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}")
    # As the server keeps it, so that no log of statements shows it.
    hidden = connection.pgconn.encrypt_password(password.encode(), name.encode()).decode()
    connection.execute(words.format(sql.Identifier(name), sql.Literal(hidden)))
    return "has its password" if found else "made"


def _database(connection: Any, name: str, owner: str) -> str:
    from psycopg import sql

    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if not found:
        # PostgreSQL's administrator needs the role to give something to it, where it is no superuser.
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))
        words = sql.SQL("CREATE DATABASE {} OWNER {}")
        connection.execute(words.format(sql.Identifier(name), sql.Identifier(owner)))
    connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    return "was there" if found else "made"


def _conninfo(url: str) -> str:
    """What libpq reads: SQLAlchemy's URL without the name of the driver."""
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
