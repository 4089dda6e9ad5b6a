"""The gateway's doors: what each answers, its headers, its limits and its refusals."""

import http.client
import json
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from serving.prediction_log.read import read
from tests.service.gateway_fixtures import BODY, JSON, Gateway, read_answer, run_gateway
from tests.service.gateway_models import register, register_held

MODEL, SLOW, UNPROMOTED = "gateway-doors", "gateway-slow", "gateway-unpromoted"
MAX_BYTES = 4096
TIME_LIMIT_S = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Path:
    """Where the slow model is held."""
    return tmp_path_factory.mktemp("held")


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, folder: Path, tmp_path_factory: Any) -> Iterator[Gateway]:
    register(mlflow_server.uri, MODEL, label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage(MODEL, "1", "Production")
    register(mlflow_server.uri, UNPROMOTED, label="yes")
    register_held(mlflow_server.uri, SLOW, folder=folder)
    limits = {
        "gateway_max_in_flight": 4,
        "gateway_max_body_bytes": MAX_BYTES,
        "gateway_time_limit_s": TIME_LIMIT_S,
    }
    with run_gateway(mlflow_server.uri, tmp_path_factory.mktemp("doors"), free_port(), **limits) as running:
        running.wait_for(MODEL)
        running.wait_for(SLOW)
        yield running


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep the slow model from answering."""
    (folder / "begun").unlink(missing_ok=True)
    (folder / "held").touch()
    try:
        yield
    finally:
        (folder / "held").unlink()


def message(answer: Any) -> str:
    return str(answer.json()["message"])


def test_an_answer_names_version_variant_and_prediction(gateway: Gateway) -> None:
    headers = gateway.predict(MODEL).headers
    assert (headers["x-penstock-version"], headers["x-penstock-variant"]) == ("1", "champion")
    assert len(headers["x-prediction-id"]) == 36


def test_a_prediction_is_on_the_log_with_the_users_key_hashed(gateway: Gateway) -> None:
    answer = gateway.predict(MODEL, X_User_Id="ann", X_Request_Id="call-7")
    rows = read(gateway.var_dir / "predictions", model=MODEL).to_pylist()
    row = next(row for row in rows if row["prediction_id"] == answer.headers["x-prediction-id"])
    assert (row["request_id"], row["prediction"], row["features"]) == (
        "call-7",
        "yes",
        json.loads(BODY)["dataframe_records"][0],
    )
    assert len(row["user_key"]) == 32
    assert sum(row["probabilities"]) == pytest.approx(1.0)


def test_the_request_id_is_echoed(gateway: Gateway) -> None:
    assert gateway.predict(MODEL, X_Request_Id="call-7").headers["x-request-id"] == "call-7"


def test_probabilities_come_when_asked_for(gateway: Gateway) -> None:
    body = json.dumps(json.loads(BODY) | {"params": {"probabilities": True}}).encode()
    answer = gateway.predict(MODEL, body).json()
    assert list(answer) == ["predictions", "probabilities"]
    assert sum(answer["probabilities"][0]) == pytest.approx(1.0)


def test_the_curl_line_works_as_pasted(gateway: Gateway) -> None:
    line = gateway.call("GET", f"/models/{MODEL}").json()["curl"]
    done = subprocess.run(shlex.split(line), capture_output=True, check=True, timeout=180)
    assert json.loads(done.stdout) == {"predictions": ["yes"]}


def test_a_models_page_has_schema_versions_and_variants(gateway: Gateway) -> None:
    page = gateway.call("GET", f"/models/{MODEL}").json()
    assert page["schema"] == [{"name": "length", "type": "double"}, {"name": "width", "type": "double"}]
    assert page["versions"] == [{"version": "1", "stage": "Production"}]
    assert (page["variants"][0]["weight"], page["variants"][0]["scorer"]) == (100, "plan")


def test_the_list_of_models_names_them_all(gateway: Gateway) -> None:
    names = [entry["name"] for entry in gateway.call("GET", "/models").json()["models"]]
    assert {MODEL, SLOW, UNPROMOTED} <= set(names)


def test_it_is_healthy_and_ready(gateway: Gateway) -> None:
    assert gateway.call("GET", "/health").status == 200
    # Its first versions may still be loading.
    gateway.wait_until(lambda: gateway.call("GET", "/ready").status == 200)


def test_an_unknown_model_is_404_with_near_names(gateway: Gateway) -> None:
    answer = gateway.predict("gateway-dors")
    assert answer.status == 404
    assert message(answer).startswith("there is no model 'gateway-dors'; did you mean 'gateway-doors'")


def test_unknown_names_never_become_labels(gateway: Gateway) -> None:
    gateway.predict("no-such-name")
    assert "no-such-name" not in gateway.call("GET", "/metrics").body.decode()


def test_an_unknown_path_is_404(gateway: Gateway) -> None:
    assert gateway.call("GET", "/nowhere").status == 404


def test_a_wrong_method_is_405_and_says_which_is_right(gateway: Gateway) -> None:
    answer = gateway.call("GET", f"/models/{MODEL}/invocations")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert gateway.call("DELETE", "/models").headers["allow"] == "GET"


def test_another_content_type_is_415(gateway: Gateway) -> None:
    answer = gateway.call("POST", f"/models/{MODEL}/invocations", BODY, {"Content-Type": "text/plain"})
    assert answer.status == 415
    assert message(answer).endswith("not 'text/plain'")


def test_a_bad_body_is_400_and_counted_for_its_version(gateway: Gateway) -> None:
    answer = gateway.predict(MODEL, b'{"dataframe_records": [{"length": "long", "width": 1}]}')
    assert answer.status == 400
    assert message(answer) == "column 'length' must be a number; row 0 has text (send a number or null)"
    gateway.wait_until(lambda: gateway.metric("penstock_requests_total", model=MODEL, code="400") >= 1)


def test_a_model_with_nothing_in_production_is_503_and_says_how_to_promote(gateway: Gateway) -> None:
    answer = gateway.predict(UNPROMOTED)
    assert answer.status == 503
    assert "has no version in Production" in message(answer)
    assert "python -m serving.lifecycle promote gateway-unpromoted VERSION" in message(answer)


def test_a_long_body_is_413_by_its_length(gateway: Gateway) -> None:
    answer = gateway.predict(MODEL, b" " * (MAX_BYTES + 1))
    assert answer.status == 413
    assert message(answer) == "the body must be at most 4096 bytes; send fewer rows a request"


def test_a_long_body_is_413_while_it_streams(gateway: Gateway) -> None:
    pieces = iter([b" " * 1500] * 4)
    assert gateway.call("POST", f"/models/{MODEL}/invocations", pieces, JSON).status == 413


def test_a_connection_goes_on_after_a_413(gateway: Gateway) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=180)
    connection.request("POST", f"/models/{MODEL}/invocations", b" " * 100_000, JSON)
    assert read_answer(connection).status == 413
    connection.request("POST", f"/models/{MODEL}/invocations", BODY, JSON)
    assert read_answer(connection).status == 200
    connection.close()


def test_a_body_that_does_not_arrive_is_408(gateway: Gateway) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=180)
    connection.putrequest("POST", f"/models/{MODEL}/invocations")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "100")
    connection.endheaders(b"{")
    assert read_answer(connection).status == 408
    connection.close()


def test_slow_requests_beyond_their_share_are_429_at_once_and_a_plan_answers(
    gateway: Gateway, folder: Path
) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(gateway.predict(SLOW))) for _ in range(4)]
    with held(folder):
        for thread in threads:
            thread.start()
        gateway.wait_until(lambda: answers)
        assert [answer.status for answer in answers] == [429]
        assert 1 <= int(answers[0].headers["retry-after"]) <= 30  # by the pace of the version
        assert gateway.predict(MODEL).status == 200
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [429, 200, 200, 200]


def test_headers_without_an_end_are_refused(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nX-A: ")
        connection.sendall(b"a" * 300_000)
        assert b"400 Bad Request" in connection.recv(4096)


def test_a_plan_answers_while_a_slow_model_works(gateway: Gateway, folder: Path) -> None:
    slow = threading.Thread(target=lambda: gateway.predict(SLOW))
    with held(folder):
        slow.start()
        gateway.wait_until((folder / "begun").exists)
        assert gateway.predict(MODEL).status == 200
        assert slow.is_alive()
    slow.join()


def test_a_request_in_flight_is_answered_while_its_worker_leaves(gateway: Gateway, folder: Path) -> None:
    statuses: list[int] = []
    slow = threading.Thread(target=lambda: statuses.append(gateway.predict(SLOW).status))
    before = set(gateway.workers())
    with held(folder):
        slow.start()
        gateway.wait_until((folder / "begun").exists)
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_until(lambda: set(gateway.workers()) - before)
        time.sleep(1)
    slow.join()
    assert statuses == [200]
