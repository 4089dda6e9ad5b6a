"""A real MLflow with basic-auth: an administrator, and two tenants, ada and ben, who share nothing.

A file's own use is a line, as the fixture is found by its name:

    from tests.service.people_fixtures import auth_mlflow  # noqa: F401 - a fixture
"""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from penstock.desk import Desk
from penstock.people.person import Person
from serving.settings import Settings, load
from tests.conftest import pick_free_port, stop_group, wait_for_http

ADMIN, PASSWORD = "admin", "an admin's password"
ADA, BEN = "ada", "ben"
SLOWLY_S = 480.0
"""How long the server may take to start where many share the machine."""
CONFIG = """[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///{folder}/users.db
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = {cache_s}
"""
needs_basic_auth = pytest.mark.skipif(
    not find_spec("flask_wtf"), reason="MLflow's basic-auth needs Flask-WTF"
)


def password_of(user: str) -> str:
    """The password that users of these tests have."""
    return PASSWORD if user == ADMIN else f"{user}'s own password"


def basic(user: str, password: str = "") -> dict[str, str]:
    """The header of HTTP Basic."""
    told = f"{user}:{password or password_of(user)}"
    return {"Authorization": f"Basic {b64encode(told.encode()).decode()}"}


@dataclass
class AuthMlflow:
    """An MLflow server that asks for a password."""

    folder: Path
    port: int
    cache_s: int = 60

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin_file(self) -> Path:
        """`name:password`, which only this user may read."""
        path = self.folder / "admin"
        path.touch(0o600)
        path.write_text(f"{ADMIN}:{PASSWORD}\n")
        return path

    def start(self) -> None:
        ini = self.folder / "auth.ini"
        ini.write_text(CONFIG.format(folder=self.folder, cache_s=self.cache_s))
        address = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        address.append("--uvicorn-opts=--timeout-worker-healthcheck 60")  # a slow machine starts slowly
        store = ["--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db", "--serve-artifacts"]
        place = ["--artifacts-destination", str(self.folder / "artifacts"), "--app-name", "basic-auth"]
        environ = os.environ | {
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_AUTH_CONFIG_PATH": str(ini),
            "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "a secret key",
        }
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *address, *store, *place],
                env=environ,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for_http(f"{self.uri}/health", self.process, SLOWLY_S)

    def stop(self) -> None:
        stop_group(self.process)

    def settings(self, var_dir: Path, **more: Any) -> Settings:
        """Settings of Penstock's parts over this server, signed in as its administrator."""
        values = {
            "var_dir": var_dir,
            "tracking_uri": self.uri,
            "auth": "mlflow",
            "mlflow_admin_file": self.admin_file,
            **more,
        }
        return load({f"PENSTOCK_{name.upper()}": str(value) for name, value in values.items()})

    def desk(self, var_dir: Path, **more: Any) -> Desk:
        """A desk over this server; the environment must hold the administrator (`as_administrator`)."""
        return Desk(self.settings(var_dir, **more))


@contextmanager
def as_administrator() -> Iterator[None]:
    """This process acts as MLflow's administrator, as Penstock's servers do."""
    patch = pytest.MonkeyPatch()
    patch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    patch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    try:
        yield
    finally:
        patch.undo()


@contextmanager
def run_auth_mlflow(folder: Path, *users: str) -> Iterator[AuthMlflow]:
    """A server with these users, and this process as its administrator."""
    server = AuthMlflow(folder, pick_free_port())
    try:
        server.start()
        with as_administrator():
            accounts = Desk(server.settings(folder)).accounts
            for user in users:
                accounts.make(user, password_of(user))
            yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def auth_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthMlflow]:
    """A server with ada and ben."""
    with run_auth_mlflow(tmp_path_factory.mktemp("auth"), ADA, BEN) as server:
        yield server


def person(name: str) -> Person:
    """A person as sign-in tells them."""
    return Person(name, is_admin=name == ADMIN, address="127.0.0.1")
