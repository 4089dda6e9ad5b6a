"""A real MLflow with basic-auth: its users call the gateway, its permissions say which models."""

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from serving.callers.asking import UsersAway
from serving.callers.grants import MANAGE, READ, USE
from serving.callers.users import MlflowUsers, User
from tests.conftest import stop_group, wait_for_http
from tests.service.gateway_fixtures import JSON, Answer, Gateway, run_gateway
from tests.service.gateway_models import register

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_spec("flask_wtf"), reason="MLflow's basic-auth needs Flask-WTF"),
]

SHOP, BANK = "users-shop", "users-bank"
ADMIN, PASSWORD = "admin", "an admin's password"
CONFIG = """[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///{folder}/users.db
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 0
"""


class Secured:
    """An MLflow server that asks for a password."""

    def __init__(self, folder: Path, port: int) -> None:
        self.uri, self._folder, self._port = f"http://127.0.0.1:{port}", folder, port
        (folder / "auth.ini").write_text(CONFIG.format(folder=folder))

    def start(self) -> None:
        address = ["--host", "127.0.0.1", "--port", str(self._port), "--workers", "1"]
        address.append("--uvicorn-opts=--timeout-worker-healthcheck 60")  # a slow machine starts slowly
        store = ["--backend-store-uri", f"sqlite:///{self._folder}/mlflow.db", "--serve-artifacts"]
        place = ["--artifacts-destination", str(self._folder / "artifacts"), "--app-name", "basic-auth"]
        environ = os.environ | {
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_AUTH_CONFIG_PATH": str(self._folder / "auth.ini"),
            "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "a secret key",
        }
        with (self._folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *address, *store, *place],
                env=environ,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for_http(f"{self.uri}/health", self.process)

    def stop(self) -> None:
        stop_group(self.process)

    def questions(self) -> int:
        """How often it was asked what somebody may."""
        return (self._folder / "server.log").read_text().count("/users/current/permissions")


def administer(uri: str, path: str, **told: str) -> None:
    answer = http_request(get_default_host_creds(uri), f"/api/{path}", "POST", json=told)
    assert answer.status_code == 200, answer.text


def grant(uri: str, user: str, model: str, permission: str = "USE") -> None:
    told = {"resource_type": "registered_model", "resource_id": model, "permission": permission}
    administer(uri, "3.0/mlflow/users/permissions/grant", username=user, **told)


@pytest.fixture(scope="module")
def credentials() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    patch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def mlflow_with_users(credentials: None, free_port: Any, tmp_path_factory: Any) -> Iterator[Secured]:
    server = Secured(tmp_path_factory.mktemp("secured"), free_port())
    server.start()
    try:
        client = MlflowClient(server.uri)
        for name in (SHOP, BANK):
            version = register(server.uri, name, label="yes")
            client.transition_model_version_stage(name, version, "Production")
        for name in ("ann", "bob", "dan"):
            told = {"username": name, "password": f"{name}'s password"}
            administer(server.uri, "2.0/mlflow/users/create", **told)
        grant(server.uri, "ann", SHOP)
        grant(server.uri, "dan", SHOP, "READ")
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def gateway(mlflow_with_users: Secured, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    settings = {"gateway_auth": "mlflow", "gateway_auth_ttl_s": 1}
    folder = tmp_path_factory.mktemp("users-gateway")
    with run_gateway(mlflow_with_users.uri, folder, free_port(), **settings) as running:
        running.wait_until(lambda: running.ready().get("models") == 2, 120)
        running.wait_until(
            lambda: all(call(running, ADMIN, name, PASSWORD).status == 200 for name in (SHOP, BANK)), 120
        )
        yield running


def basic(user: str, password: str | None = None) -> bytes:
    return b64encode(f"{user}:{password or user + chr(39) + 's password'}".encode())


def call(gateway: Gateway, user: str, model: str = SHOP, password: str | None = None) -> Answer:
    return gateway.predict(model, Authorization=f"Basic {basic(user, password).decode()}")


def levels_of(user: User | None) -> list[int]:
    assert user is not None
    return [user.grants.level("registered_model", model) for model in (SHOP, BANK)]


def test_a_user_is_told_from_a_wrong_password_and_its_models_from_others(mlflow_with_users: Secured) -> None:
    users = MlflowUsers(mlflow_with_users.uri)
    levels = {who: levels_of(users.ask(basic(who))) for who in ("ann", "bob", "dan")}
    assert levels == {"ann": [USE, 0], "bob": [0, 0], "dan": [READ, 0]}
    assert levels_of(users.ask(basic(ADMIN, PASSWORD))) == [MANAGE, MANAGE]
    assert users.ask(basic("ann", "wrong")) is None
    assert users.ask(basic("nobody")) is None


def test_a_server_that_is_not_there_is_away(free_port: Any) -> None:
    with pytest.raises(UsersAway, match="did not answer"):
        MlflowUsers(f"http://127.0.0.1:{free_port()}").ask(basic("ann"))


def test_mlflows_permissions_say_who_may_call_what(gateway: Gateway) -> None:
    found = [call(gateway, user, model).status for user in ("ann", "bob", "dan") for model in (SHOP, BANK)]
    assert found == [200, 404, 404, 404, 403, 404]
    assert call(gateway, "ann", password="wrong").status == 401
    answer = gateway.predict(SHOP)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Basic realm="penstock"')


def test_the_list_shows_what_a_user_may_read(gateway: Gateway) -> None:
    headers = {"Authorization": f"Basic {basic('ann').decode()}"}
    listed = gateway.call("GET", "/models", None, headers).json()["models"]
    assert [model["name"] for model in listed] == [SHOP]


def test_a_known_user_does_not_pay_for_the_question(gateway: Gateway, mlflow_with_users: Secured) -> None:
    call(gateway, "ann")
    before = mlflow_with_users.questions()
    assert before > 0
    assert {call(gateway, "ann").status for _ in range(200)} == {200}
    assert mlflow_with_users.questions() - before < 100  # what is known is asked anew beside, now and then


def test_a_granted_permission_holds_soon(gateway: Gateway, mlflow_with_users: Secured) -> None:
    grant(mlflow_with_users.uri, "bob", BANK)
    gateway.wait_until(lambda: call(gateway, "bob", BANK).status == 200)
    told = {"username": "bob", "resource_type": "registered_model", "resource_id": BANK}
    administer(mlflow_with_users.uri, "3.0/mlflow/users/permissions/revoke", **told)
    gateway.wait_until(lambda: call(gateway, "bob", BANK).status == 404)


def test_feedback_is_for_who_may_use_the_model_that_answered(gateway: Gateway) -> None:
    name = call(gateway, "ann").headers["x-prediction-id"]
    body = json.dumps({"prediction_id": name, "label": "yes"}).encode()
    found = []
    for user in ("ann", "dan", "bob"):
        headers = {**JSON, "Authorization": f"Basic {basic(user).decode()}"}
        found.append(gateway.call("POST", "/feedback", body, headers).status)
    assert found == [200, 400, 400]


def test_with_mlflow_away_known_users_go_on_and_unknown_ones_get_503(
    gateway: Gateway, mlflow_with_users: Secured
) -> None:
    assert call(gateway, "ann").status == 200
    mlflow_with_users.stop()
    try:
        time.sleep(3.0)
        assert call(gateway, "ann").status == 200
        unknown = call(gateway, "carl")
        assert (unknown.status, unknown.headers["retry-after"]) == (503, "2")
        assert any("MLflow cannot be asked" in problem for problem in gateway.ready()["problems"])
    finally:
        mlflow_with_users.start()
    gateway.wait_until(lambda: call(gateway, "carl").status == 401)


def test_a_models_own_code_runs_where_the_operator_has_named_it(
    mlflow_with_users: Secured, free_port: Any, tmp_path: Path
) -> None:
    for name in (SHOP, BANK):  # without the plan's digest they answer by their code
        MlflowClient(mlflow_with_users.uri).delete_model_version_tag(name, "1", "penstock.plan_sha256")
    settings = {"gateway_auth": "mlflow", "auth": "mlflow", "trusted_models": SHOP}
    with run_gateway(mlflow_with_users.uri, tmp_path, free_port(), **settings) as running:
        running.wait_until(lambda: call(running, ADMIN, SHOP, PASSWORD).status == 200)
        running.wait_until(lambda: "trusted_models" in str(running.ready()["problems"]))
        refused = call(running, ADMIN, BANK, PASSWORD)
    said = f"it runs code of its own, and '{BANK}' is not among trusted_models; train it here, or have the"
    assert (refused.status, said in refused.json()["message"]) == (503, True)


def test_the_gateway_leaves_in_time_with_questions_open(gateway: Gateway) -> None:
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(18) == 0  # gunicorn kills after 19 s
