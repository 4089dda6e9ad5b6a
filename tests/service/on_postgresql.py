"""A pytest plugin: every SQLite database that a test names is one on PostgreSQL instead.

    TESTS_POSTGRES=postgresql+psycopg://... pytest -p tests.service.on_postgresql tests/unit/...

So what the tests of SQLite say holds on PostgreSQL word for word. The server is the caller's.
"""

import hashlib
import os
import threading

import psycopg
import pytest
import sqlalchemy as sa

from serving.lifecycle import engines

SERVER = "TESTS_POSTGRES"
_made: set[str] = set()
_making = threading.Lock()


@pytest.fixture(autouse=True)
def _on_postgresql(monkeypatch):
    is_sqlite = engines.parsed
    server = sa.make_url(os.environ[SERVER])

    def parsed(url):
        where = is_sqlite(url)
        if where.get_backend_name() != "sqlite":
            return where
        name = f"p{hashlib.sha256(str(where.database).encode()).hexdigest()[:24]}"
        with _making:
            if name not in _made:
                _make(server, name)
        return server.set(database=name)

    monkeypatch.setattr(engines, "parsed", parsed)
    yield
    for engine in engines._engines.values():
        engine.dispose()
    engines._engines.clear()


def _make(server, name):
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    _made.add(name)
