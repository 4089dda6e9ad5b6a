"""A real PostgreSQL for tests: made in a folder, on a port of its own, stopped with the test.

    with run_postgres(tmp_path / "postgres", free_port()) as server:
        Database(server.url("penstock"))

The server refuses root, so where the tests are root it runs as the system's user `postgres`, in a folder that
this user can reach: pytest's own are for one user alone.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

_USER = "postgres"
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass
class PostgresServer:
    """A server that runs, or can be started again.

    Attributes:
        folder: Its data, its socket and its log.
        port: On 127.0.0.1.
        password: Of the superuser `postgres`.
    """

    folder: Path
    port: int
    password: str
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def url(self, database: str = "postgres", *, driver: str = "+psycopg") -> str:
        """An SQLAlchemy URL of one of its databases; an empty driver gives what libpq reads, too."""
        return f"postgresql{driver}://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> str:
        """Make an empty database, and give its URL."""
        with psycopg.connect(self.url(driver=""), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def start(self) -> None:
        options = ["-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
        # Tests never outlive a power cut, so nothing waits for the disk.
        options += ["-c", f"unix_socket_directories={self.folder}", "-c", "fsync=off"]
        command = _command("postgres", "-D", str(self.folder / "data"), *options)
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        self._wait()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends all connections as an operator does, SIGQUIT as a crash does."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(120)

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                psycopg.connect(self.url(driver=""), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if self._process is None or self._process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'server.log').read_text()}")


@contextmanager
def run_postgres(folder: Path, port: int) -> Iterator[PostgresServer]:
    """A new server, empty but for its own databases; skips where the machine has no PostgreSQL."""
    if _program("initdb") is None:
        pytest.skip("this machine has no PostgreSQL server (initdb was not found)")
    with _reachable(folder) as home:
        server = PostgresServer(home, port, secrets.token_hex(16))
        _make(server)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)


@contextmanager
def _reachable(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True)
    if os.geteuid() != 0:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="penstock-postgres-") as home:
        shutil.chown(home, _USER)
        yield Path(home)


def _make(server: PostgresServer) -> None:
    secret = server.folder / "password"
    secret.write_text(server.password)
    if os.geteuid() == 0:
        shutil.chown(secret, _USER)
    options = ("--username", _USER, "--pwfile", str(secret), "--auth", "scram-sha-256")
    data = ("-D", str(server.folder / "data"))
    text = ("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
    command = _command("initdb", *data, *options, *text)
    subprocess.run(command, cwd=server.folder, check=True, timeout=180, capture_output=True)


def _command(program: str, *arguments: str) -> list[str]:
    command = [str(_program(program)), *arguments]
    if os.geteuid() == 0:
        return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--init-groups", "--", *command]
    return command


def _program(name: str) -> Path | None:
    """The newest version's program, where Debian keeps them or on the path."""
    versions = (path for path in _DEBIAN.glob("*") if (path / "bin" / name).exists())
    newest = max(versions, key=lambda path: int(path.name), default=None)
    found = shutil.which(name)
    return newest / "bin" / name if newest else Path(found) if found else None


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One server for the session; each test makes databases of its own on it."""
    from tests.conftest import pick_free_port

    with run_postgres(tmp_path_factory.mktemp("postgres") / "server", pick_free_port()) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """A new, empty database's URL."""
    return postgres_server.make_database(f"penstock_{secrets.token_hex(6)}")
