"""A real gateway behind keys: who may call it, what strangers see, and what reaches the log."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.service.gateway_fixtures import BODY, REPO, Answer, Gateway, run_gateway
from tests.service.gateway_models import register, register_raising

MODEL, OTHER = "guards-shop", "guards-bank"


def problems(gateway: Gateway, key: str) -> list[str]:
    return list(gateway.call("GET", "/ready", None, {"X-API-Key": key}).json()["problems"])


def keys(var_dir: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "serving.keys", *arguments, "--json"]
    environ = os.environ | {"PENSTOCK_VAR_DIR": str(var_dir)}
    done = subprocess.run(command, cwd=REPO, env=environ, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def registered(mlflow_server: Any) -> str:
    client = MlflowClient(mlflow_server.uri)
    for name in (MODEL, OTHER):
        version = register(mlflow_server.uri, name, label="yes")
        client.transition_model_version_stage(name, version, "Production")
    return str(mlflow_server.uri)


@pytest.fixture(scope="module")
def guarded(registered: str, free_port: Any, tmp_path_factory: Any) -> Iterator[tuple[Gateway, str]]:
    folder = tmp_path_factory.mktemp("guarded")
    key = keys(folder, "make", "all", "--actions", "predict,feedback,read")["key"]
    settings = {"gateway_auth": "keys", "gateway_error_detail": "terse", "gateway_status_doors": "guarded"}
    settings |= {"gateway_max_rows": "5", "gateway_max_columns": "10", "gateway_max_depth": "8"}
    with run_gateway(registered, folder, free_port(), **settings) as running:
        running.wait_until(lambda: all(predict(running, key, name).status == 200 for name in (MODEL, OTHER)))
        yield running, key


def predict(gateway: Gateway, key: str, model: str = MODEL, body: bytes = BODY) -> Answer:
    return gateway.predict(model, body, Authorization=f"Bearer {key}")


def test_without_a_key_nothing_but_health_is_told(guarded: Any) -> None:
    gateway, _ = guarded
    statuses = {
        path: gateway.call("GET", path).status
        for path in ("/health", "/ready", "/metrics", "/models", f"/models/{MODEL}", "/models/nobody")
    }
    assert statuses.pop("/health") == 200
    assert set(statuses.values()) == {401}
    assert gateway.predict(MODEL).headers["www-authenticate"] == 'Bearer realm="penstock"'


def test_a_refusal_tells_strangers_nothing_and_the_log_has_it_by_the_request_id(guarded: Any) -> None:
    gateway, key = guarded
    answer = predict(gateway, key, body=b'{"dataframe_records": [{"length": 1.5}]}')
    assert answer.status == 400
    assert answer.headers.keys().isdisjoint({"x-penstock-version", "x-penstock-variant"})
    request_id = answer.headers["x-request-id"]
    assert answer.json() == {
        "error_code": "BAD_REQUEST",
        "message": f"the request cannot be answered as it is (request {request_id})",
    }
    wanted = f"request {request_id}: 400: column 'width' is missing"
    gateway.wait_until(lambda: wanted in gateway.log.read_text())


def test_a_key_for_one_model_sees_and_calls_that_one_only(guarded: Any) -> None:
    gateway, _ = guarded
    key = keys(gateway.var_dir, "make", "one", "--models", "*-shop", "--actions", "predict,read")["key"]
    gateway.wait_until(lambda: predict(gateway, key).status == 200)
    assert predict(gateway, key, OTHER).status == 403
    headers = {"X-API-Key": key}
    names = [model["name"] for model in gateway.call("GET", "/models", None, headers).json()["models"]]
    assert names == [MODEL]
    assert gateway.call("GET", f"/models/{OTHER}", None, headers).status == 403
    assert gateway.call("GET", "/metrics", None, headers).status == 403


def test_a_revoked_key_is_refused_soon(guarded: Any) -> None:
    gateway, _ = guarded
    made = keys(gateway.var_dir, "make", "gone")
    gateway.wait_until(lambda: predict(gateway, made["key"]).status == 200)
    keys(gateway.var_dir, "revoke", made["key_id"])
    gateway.wait_until(lambda: predict(gateway, made["key"]).status == 401)


def test_a_key_beyond_its_rate_is_told_when_to_come_again(guarded: Any) -> None:
    gateway, _ = guarded
    key = keys(gateway.var_dir, "make", "slow", "--rate", "0.01", "--burst", "2")["key"]
    gateway.wait_until(lambda: predict(gateway, key).status != 401)
    answers = [predict(gateway, key) for _ in range(4)]
    assert answers[-1].status == 429
    assert 50 < int(answers[-1].headers["retry-after"]) <= 100


def records(rows: int, columns: int = 2) -> bytes:
    row = {"length": 1.5, "width": -0.25} | {f"other{place}": 0 for place in range(columns - 2)}
    return json.dumps({"dataframe_records": [row] * rows}).encode()


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (records(5), "application/json", 200),
        (records(6), "application/json", 413),
        (records(1, columns=10) + b" ", "application/json", 200),
        (
            b'{"dataframe_split": {"columns": ["length", "width"], "data": [["1", 2]]}}',
            "application/json",
            200,
        ),
        (
            b'{"inputs": {"length": ["1", 2, 3, 4, 5, 6], "width": [1, 2, 3, 4, 5, 6]}}',
            "application/json",
            413,
        ),
        (b"[" * 9 + b"]" * 9, "application/json", 400),
        (b"[" * 1_000_000, "application/json", 400),
        (b'{"a":' * 100_000, "application/json", 400),
        (b"length,width\n" + b"1,2\n" * 5, "text/csv", 200),
        (b"length,width\n" + b"1,2\n" * 6, "text/csv", 413),
        (b"length,width" + b",x" * 9 + b"\n" + b"1" + b",2" * 10, "text/csv", 413),
    ],
)
def test_rows_columns_and_depth_have_bounds(guarded: Any, body: bytes, media: str, status: int) -> None:
    gateway, key = guarded
    headers = {"X-API-Key": key, "Content-Type": media}
    assert gateway.call("POST", f"/models/{MODEL}/invocations", body, headers).status == status


def test_refusals_and_callers_are_counted(guarded: Any) -> None:
    gateway, key = guarded
    predict(gateway, "penstock_0_0")
    predict(gateway, key)
    refused = 'penstock_rejected_total{reason="unauthenticated"}'
    called = f'penstock_caller_requests_total{{caller="{key.split("_")[1]}"}}'

    def counted() -> bool:
        text = gateway.call("GET", "/metrics", None, {"X-API-Key": key}).body.decode()
        lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return all(float(lines.get(name, 0)) > 0 for name in (refused, called))

    gateway.wait_until(counted)


def test_known_keys_go_on_without_the_database(guarded: Any) -> None:
    gateway, key = guarded
    path = gateway.var_dir / "penstock.db"
    path.rename(gateway.var_dir / "kept.db")
    path.mkdir()
    try:
        gateway.wait_until(lambda: "the API keys cannot be read" in str(problems(gateway, key)))
        assert predict(gateway, key).status == 200
    finally:
        path.rmdir()
        (gateway.var_dir / "kept.db").rename(path)


def test_masked_values_are_nowhere_on_the_disk(registered: str, free_port: Any, tmp_path: Path) -> None:
    name, client = "guards-masked", MlflowClient(registered)
    version = register(registered, name, label="yes")
    policy = json.dumps({"log": {"mask": ["length"], "hash": ["width"]}})
    client.set_registered_model_tag(name, "penstock.policy", policy)
    client.transition_model_version_stage(name, version, "Production")
    body = b'{"dataframe_records": [{"length": 1234567.125, "width": 7654321.375}]}'
    faulty = b'{"dataframe_records": [{"length": "1234567.125x", "width": "7654321.375x"}]}'
    with run_gateway(registered, tmp_path, free_port(), log_segment_s=0.5) as gateway:
        gateway.wait_for(name)
        found = [gateway.predict(name, body).status, gateway.predict(name, faulty).status]
        gateway.wait_until(lambda: list((tmp_path / "predictions").rglob("*.parquet")))
    assert found == [200, 400]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".parquet" for path in files)
    for path in files:
        content = path.read_bytes()
        assert b"1234567" not in content, path
        assert b"7654321" not in content, path


def test_what_a_models_code_says_of_its_input_is_logged_without_the_values(
    registered: str, free_port: Any, tmp_path: Path
) -> None:
    name = "guards-raising"
    register_raising(registered, name)
    with run_gateway(registered, tmp_path, free_port()) as gateway:
        gateway.wait_until(lambda: gateway.predict(name).status == 400)
        answer = gateway.predict(name, b'{"dataframe_records": [{"length": 1234567.125, "width": 1}]}')
        gateway.wait_until(lambda: "ValueError (its message" in gateway.log.read_text())
    assert (answer.status, b"1234567" in answer.body) == (400, False)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"1234567" not in path.read_bytes(), path


def test_without_authentication_it_does_not_listen_beyond_loopback_but_with_it(tmp_path: Path) -> None:
    command, environ = [sys.executable, "-m", "serving"], os.environ | {"PENSTOCK_VAR_DIR": str(tmp_path)}
    refused = subprocess.run(
        command,
        cwd=REPO,
        env=environ | {"PENSTOCK_HOST": "0.0.0.0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "set gateway_auth to 'keys'" in refused.stderr
