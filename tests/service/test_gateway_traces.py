"""A gateway that explains its answers and sends traces of them to a collector."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from serving.prediction_log.read import read
from tests.service.gateway_fixtures import REPO, ROW, Gateway, run_gateway
from tests.service.gateway_models import register
from tests.unit.serving.collector import Collector, attributes, running_collector

MODEL = "traced"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
EXPLAINED = json.dumps({"dataframe_records": [ROW], "params": {"explain": True}}).encode()


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(
    mlflow_server: Any, free_port: Any, tmp_path_factory: Any, collector: Collector
) -> Iterator[Gateway]:
    uri = mlflow_server.uri
    register(uri, MODEL, label="yes")
    MlflowClient(uri).transition_model_version_stage(MODEL, "1", "Production")
    folder = tmp_path_factory.mktemp("traces")
    with run_gateway(uri, folder, free_port(), traces_endpoint=collector.endpoint) as running:
        running.wait_for(MODEL)
        yield running


def test_a_request_is_seen_by_the_collector_in_the_callers_trace(
    gateway: Gateway, collector: Collector
) -> None:
    answer = gateway.predict(MODEL, traceparent=f"00-{TRACE}-{SPAN}-01")

    def found() -> list[Any]:
        return [span for span in collector.spans if span.trace_id.hex() == TRACE]

    gateway.wait_until(lambda: len(found()) == 5)
    [whole] = [span for span in found() if span.name == "POST /models/{name}/invocations"]
    assert whole.parent_span_id.hex() == SPAN
    assert attributes(whole)["penstock.prediction_id"] == answer.headers["x-prediction-id"]
    assert attributes(whole)["penstock.model"] == MODEL


def test_an_answer_is_explained_and_logged_without_its_explanation(gateway: Gateway) -> None:
    answer = gateway.predict(MODEL, EXPLAINED)
    assert answer.status == 200
    [entry] = answer.json()["explanations"]
    assert entry["class"] == answer.json()["predictions"][0] == "yes"
    assert entry["contributions"]["length"] > 0.2 > abs(entry["contributions"]["width"])
    logged = read(gateway.var_dir / "predictions", model=MODEL).to_pylist()
    mine = [row for row in logged if answer.headers["x-prediction-id"] in str(row["prediction_id"])]
    assert len(mine) == 1
    assert "contributions" not in str(mine)


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [("collector:4318", "'traces_endpoint' must be the OTLP/HTTP address of a collector")],
)
def test_a_gateway_does_not_start_with_an_address_that_is_none(
    tmp_path: Path, endpoint: str, sentence: str
) -> None:
    environ = os.environ | {"PENSTOCK_TRACES_ENDPOINT": endpoint, "PENSTOCK_VAR_DIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "serving"],
        cwd=REPO,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert ended.returncode == 2
    assert sentence in ended.stderr
