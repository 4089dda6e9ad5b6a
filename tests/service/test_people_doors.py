"""The same person and the same right at every door: gateway, platform API, monitor, over one real MLflow."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.desk import Desk
from penstock.people.person import Level
from penstock.services import people, projects
from serving.keys.key import Wanted
from tests.conftest import pick_free_port, stop_group
from tests.service.gateway_fixtures import REPO
from tests.service.gateway_models import register
from tests.service.people_fixtures import (
    ADA,
    ADMIN,
    BEN,
    PASSWORD,
    AuthMlflow,
    auth_mlflow,
    basic,
    needs_basic_auth,
    password_of,
    person,
)
from tests.service.platform_fixtures import Platform, run_platform

pytestmark = [pytest.mark.slow, needs_basic_auth]
__all__ = ["auth_mlflow"]
CHURN, FRAUD = "doors-churn", "doors-fraud"
"""Models of ada's and of ben's."""


@pytest.fixture(scope="module")
def platform(auth_mlflow: AuthMlflow, tmp_path_factory: Any) -> Iterator[Platform]:
    settings = {
        "auth": "mlflow",
        "gateway_auth": "mlflow",
        "mlflow_admin_file": auth_mlflow.admin_file,
        "gateway_auth_ttl_s": 1,
    }
    var_dir = tmp_path_factory.mktemp("doors")
    with run_platform(auth_mlflow.uri, var_dir, with_jobs=False, with_gateway=True, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def desk(platform: Platform) -> Iterator[Desk]:
    made = platform.desk()
    yield made
    made.trail.close()


@pytest.fixture(scope="module")
def models(platform: Platform, desk: Desk) -> None:
    """Each tenant's project has a model that the gateway answers with."""
    for owner, model in ((ADA, CHURN), (BEN, FRAUD)):
        project = projects.make(desk, person(owner), "doors")
        version = register(platform.uri, model, label=owner)
        desk.client.set_registered_model_tag(model, "penstock.project", project.path)
        people.model_made(desk, project, model)
        desk.client.transition_model_version_stage(model, version, "Production")
    gateway = platform.gateway
    assert gateway is not None
    gateway.wait_until(lambda: gateway.predict(FRAUD, **basic(BEN)).status == 200, 120)
    gateway.wait_until(lambda: gateway.predict(CHURN, **basic(ADA)).status == 200, 120)


def key_of(desk: Desk, user: str, *actions: Any, **more: Any) -> dict[str, str]:
    made = people.make_key(desk, person(user), Wanted("a machine", actions=actions or ("predict",), **more))
    return {"X-API-Key": made.text}


def test_the_gateway_takes_people_and_keys_and_neither_opens_anothers_model(
    platform: Platform, models: None, desk: Desk
) -> None:
    gateway = platform.gateway
    assert gateway is not None
    key = key_of(desk, ADA)
    gateway.wait_until(lambda: gateway.predict(CHURN, **key).status == 200)
    found = [
        gateway.predict(model, **shown).status for shown in (basic(ADA), key) for model in (CHURN, FRAUD)
    ]
    assert found == [200, 404, 200, 404]
    answers = [gateway.predict(model, **basic(ADA)).body for model in (FRAUD, "doors-frauds")]
    assert answers[0] == answers[1].replace(b"doors-frauds", FRAUD.encode())
    assert gateway.predict(CHURN).status == 401
    assert gateway.predict(CHURN, X_API_Key="penstock_0a_0b").status == 401


def test_a_key_loses_at_the_gateway_what_its_owner_loses(
    platform: Platform, models: None, desk: Desk
) -> None:
    gateway = platform.gateway
    assert gateway is not None
    key = key_of(desk, BEN)
    for level, answered in ((Level.READ, 403), (Level.USE, 200)):
        people.share(desk, person(ADA), "ada/doors", BEN, level)
        gateway.wait_until(lambda now=answered: gateway.predict(CHURN, **key).status == now)
    people.unshare(desk, person(ADA), "ada/doors", BEN)
    gateway.wait_until(lambda: gateway.predict(CHURN, **key).status == 404)
    assert gateway.predict(FRAUD, **key).status == 200


def test_a_revoked_key_is_refused_by_gateway_and_api(platform: Platform, models: None, desk: Desk) -> None:
    gateway = platform.gateway
    assert gateway is not None
    key = key_of(desk, ADA, "predict", "read")
    gateway.wait_until(lambda: gateway.predict(CHURN, **key).status == 200)
    assert platform.call("GET", "/api/ml/projects", headers=key).status == 200
    people.revoke_key(desk, person(ADA), key["X-API-Key"].split("_")[1])
    gateway.wait_until(lambda: gateway.predict(CHURN, **key).status == 401)
    time.sleep(1.1)
    assert platform.call("GET", "/api/ml/projects", headers=key).status == 401


def test_the_api_tells_who_asks_and_asks_who_does_not_say(platform: Platform) -> None:
    assert platform.get("/api/ml/me", **basic(ADA)).json()["name"] == ADA
    for headers in (
        {},
        basic(ADA, "wrong"),
        {"Authorization": "Bearer nothing"},
        {"Cookie": "penstock_session=x"},
    ):
        answer = platform.call("GET", "/api/ml/projects", headers=headers)
        assert (answer.status, answer.json()["status"]) == (401, "error")


def test_nobody_finds_anothers_project_by_its_name(platform: Platform, models: None) -> None:
    mine = platform.get("/api/ml/projects/ada/doors", **basic(ADA))
    theirs = platform.get("/api/ml/projects/ada/doors", **basic(BEN))
    nowhere = platform.get("/api/ml/projects/ada/nowhere", **basic(BEN))
    assert (mine.status, theirs.status, nowhere.status) == (200, 404, 404)
    assert theirs.body.replace(b"doors", b"nowhere") == nowhere.body
    for method, path in (("PUT", "members/ben"), ("DELETE", "members/ben"), ("GET", "members")):
        body = {"level": "READ"} if method == "PUT" else None
        answer = platform.call(method, f"/api/ml/projects/ada/doors/{path}", body, basic(BEN))
        assert answer.status == 404


def test_a_browser_signs_in_writes_with_its_token_and_signs_out(platform: Platform) -> None:
    said = {"name": ADA, "password": password_of(ADA)}
    signed_in = platform.post("/api/ml/login", said)
    cookie = signed_in.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    headers = {"Cookie": cookie.partition(";")[0]}
    key = {"name": "from the console", "actions": ["read"]}
    assert platform.call("POST", "/api/ml/keys", key, headers).json()["error"]["code"] == "csrf"
    headers["X-CSRF-Token"] = signed_in.json()["csrf_token"]
    made = platform.call("POST", "/api/ml/keys", key, headers)
    assert (made.status, made.headers["cache-control"]) == (201, "no-store")
    assert platform.call("POST", "/api/ml/logout", {}, headers).status == 200
    assert platform.call("GET", "/api/ml/me", headers=headers).status == 401


def test_a_page_of_another_site_signs_nobody_in(platform: Platform) -> None:
    said = {"name": ADA, "password": password_of(ADA)}
    answer = platform.post("/api/ml/login", said, Origin="http://evil.example")
    assert (answer.status, answer.json()["error"]["code"]) == (403, "strange_origin")


def test_a_key_is_shown_once_even_if_the_request_is_repeated(platform: Platform) -> None:
    headers = basic(BEN) | {"Idempotency-Key": "one-and-the-same"}
    asked = {"name": "repeated"}
    answers = [platform.call("POST", "/api/ml/keys", asked, headers) for _ in range(2)]
    shown = answers[0].json()["key"]
    assert shown.encode() not in answers[1].body
    assert shown.rpartition("_")[2].encode() not in (platform.var_dir / "penstock.db").read_bytes()
    mine = platform.get("/api/ml/keys", **basic(BEN)).json()
    assert [key["name"] for key in mine].count("repeated") == 1


def test_guessing_passwords_is_slowed_down(platform: Platform) -> None:
    guesses = [
        platform.post("/api/ml/login", {"name": "victim", "password": f"guess {number}"})
        for number in range(9)
    ]
    assert guesses[0].status == 401
    slowed = next(guess for guess in guesses if guess.status == 429)
    assert int(slowed.headers["retry-after"]) >= 1


def test_no_password_is_in_a_log_or_a_process_list(platform: Platform, models: None) -> None:
    said = platform.logs() + subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
    for secret in (PASSWORD, password_of(ADA), password_of(BEN)):
        assert secret not in said


@pytest.fixture(scope="module")
def monitor(platform: Platform) -> Iterator[str]:
    port = pick_free_port()
    environ = platform.environ | {
        "PENSTOCK_MONITOR_PORT": str(port),
        "PENSTOCK_GATEWAY_STATUS_DOORS": "guarded",
        "PENSTOCK_MONITOR_INTERVAL_S": "5",
    }
    with (platform.var_dir / "monitor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitoring", "loop"],
            cwd=REPO, env=environ, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 240
        while status(f"{url}/health") != 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        yield url
    finally:
        stop_group(process, 60)


def test_the_monitor_asks_who_comes_at_every_door(monitor: str, models: None, desk: Desk) -> None:
    reading, other = key_of(desk, ADA, "read"), key_of(desk, ADA, "predict")
    time.sleep(1.1)
    for path in ("/", "/api/status", "/metrics"):
        asked = f"{monitor}{path}"
        assert [status(asked), status(asked, basic(ADA, "wrong")), status(asked, other)] == [401, 401, 403]
        mine = 403 if path == "/metrics" else 200  # they tell of everybody's models
        assert [status(asked, basic(ADA)), status(asked, reading)] == [mine, mine]
        assert status(asked, basic(ADMIN, PASSWORD)) == 200
    assert status(f"{monitor}/models/{CHURN}") == 401
    assert status(f"{monitor}/health") == 200


def test_the_monitor_shows_each_tenant_their_own_models(
    monitor: str, models: None, platform: Platform
) -> None:
    assert platform.gateway is not None
    platform.gateway.wait_until(lambda: status(f"{monitor}/models/{CHURN}", basic(ADA)) == 200)
    assert status(f"{monitor}/models/{CHURN}", basic(BEN)) == 404
    assert CHURN in page(f"{monitor}/api/status", basic(ADA))
    assert CHURN not in page(f"{monitor}/api/status", basic(BEN))


@pytest.mark.parametrize("module", ["penstock.api", "serving", "monitoring"])
def test_beyond_loopback_nothing_starts_without_sign_in(
    module: str, platform: Platform, tmp_path_factory: Any
) -> None:
    environ = platform.environ | {
        "PENSTOCK_HOST": "0.0.0.0",
        "PENSTOCK_AUTH": "off",
        "PENSTOCK_GATEWAY_AUTH": "off",
        "PENSTOCK_VAR_DIR": str(tmp_path_factory.mktemp("open")),
    }
    command = [sys.executable, "-m", module, *(["loop"] if module == "monitoring" else [])]
    done = subprocess.run(command, cwd=REPO, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'mlflow'" in done.stderr


def page(url: str, headers: dict[str, str]) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
        return str(answer.read().decode())


def status(url: str, headers: dict[str, str] | None = None) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0
