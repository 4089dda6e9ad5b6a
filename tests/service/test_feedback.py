"""Feedback through a real gateway: taken, on the log, joined, sealed and counted."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest
from mlflow import MlflowClient

from serving.prediction_log.read import read, read_outcomes
from serving.prediction_log.record import new_prediction_id
from tests.service.gateway_fixtures import BODY, JSON, Gateway, run_gateway
from tests.service.gateway_models import register

MODEL = "feedback"
TWO_ROWS = json.dumps({"dataframe_records": 2 * [{"length": 1.5, "width": -0.25}]}).encode()


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    version = register(mlflow_server.uri, MODEL, label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage(MODEL, version, "Production")
    folder = tmp_path_factory.mktemp("feedback")
    with run_gateway(mlflow_server.uri, folder, free_port(), gateway_workers=2, log_segment_s=2) as running:
        running.wait_for(MODEL)
        yield running


def predicted(gateway: Gateway, body: bytes = BODY) -> str:
    return gateway.predict(MODEL, body).headers["x-prediction-id"]


def send(gateway: Gateway, body: object) -> tuple[int, Any]:
    answer = gateway.call("POST", "/feedback", json.dumps(body).encode(), JSON)
    return answer.status, answer.json()


def joined(gateway: Gateway, prediction_id: str) -> dict[str, Any]:
    table = read(gateway.var_dir / "predictions", model=MODEL, outcomes=True)
    rows = table.select(["prediction_id", "label", "value"]).to_pylist()
    return next(row for row in rows if row["prediction_id"] == prediction_id)


def test_a_label_is_joined_at_once(gateway: Gateway) -> None:
    name = predicted(gateway)
    assert send(gateway, {"prediction_id": name, "label": "yes"}) == (200, {"accepted": 1, "rejected": []})
    assert joined(gateway, name)["label"] == "yes"


def test_a_row_of_a_batch_is_named_by_its_number(gateway: Gateway) -> None:
    name = predicted(gateway, TWO_ROWS)
    send(gateway, {"prediction_id": f"{name}-1", "value": 12.5})
    assert [joined(gateway, f"{name}-{row}")["value"] for row in (0, 1)] == [None, 12.5]


def test_good_objects_of_a_list_are_taken_and_bad_ones_named(gateway: Gateway) -> None:
    name = predicted(gateway)
    status, told = send(gateway, [{"prediction_id": name, "value": 1}, {"prediction_id": name, "lable": 1}])
    assert (status, told["accepted"]) == (200, 1)
    assert told["rejected"] == [
        {
            "index": 1,
            "prediction_id": name,
            "message": "'lable' is no key of feedback; did you mean 'label'?",
        }
    ]


def test_where_none_is_taken_the_status_says_so(gateway: Gateway) -> None:
    status, told = send(gateway, {"prediction_id": "x", "label": 1})
    assert (status, told["error_code"], told["accepted"]) == (400, "BAD_REQUEST", 0)


def test_another_method_is_told_which_one_is_taken(gateway: Gateway) -> None:
    answer = gateway.call("GET", "/feedback")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_sealed_outcomes_are_counted_by_kind(gateway: Gateway) -> None:
    kinds = ("matched", "repeated", "unknown")
    before = {kind: gateway.metric("penstock_outcomes_total", kind=kind) for kind in kinds}
    name = predicted(gateway)
    for label in (0, 1):
        send(gateway, {"prediction_id": name, "label": label})
    send(gateway, {"prediction_id": new_prediction_id(), "label": 1})

    def counted(kind: str, more: int) -> bool:
        return gateway.metric("penstock_outcomes_total", kind=kind) >= before[kind] + more

    gateway.wait_until(lambda: all(counted(kind, 1) for kind in kinds))
    assert gateway.metric("penstock_feedback_total", result="accepted") >= 3


def test_every_accepted_outcome_is_on_the_log_after_a_worker_was_killed(gateway: Gateway) -> None:
    names, told = [predicted(gateway) for _ in range(20)], []
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            for number, name in enumerate(names):
                try:
                    if send(gateway, {"prediction_id": name, "value": number, "ts": len(told)})[0] == 200:
                        told.append((name, number))
                except (OSError, HTTPException):  # a killed worker may have sent half an answer
                    continue

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    gateway.wait_until(lambda: len(told) > 200)
    killed = gateway.workers()[0]
    os.kill(killed, signal.SIGKILL)
    gateway.wait_until(lambda: killed not in gateway.workers() and len(gateway.workers()) == 2)
    stop.set()
    for thread in threads:
        thread.join()
    found = read_outcomes(gateway.var_dir / "predictions").select(["prediction_id", "value"]).to_pylist()
    assert dict(told).items() <= {row["prediction_id"]: row["value"] for row in found}.items()
