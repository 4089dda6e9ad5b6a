"""A gateway that keeps no prediction log: it says so, and answers as ever."""

from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from tests.service.gateway_fixtures import run_gateway
from tests.service.gateway_models import register

MODEL = "unlogged"


def test_predictions_are_named_and_not_written_and_the_gateway_says_so(
    mlflow_server: Any, free_port: Any, tmp_path: Path
) -> None:
    version = register(mlflow_server.uri, MODEL, label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage(MODEL, version, "Production")
    settings = {"gateway_workers": 2, "log_predictions": "false"}
    with run_gateway(mlflow_server.uri, tmp_path, free_port(), **settings) as gateway:
        gateway.wait_for(MODEL)
        assert gateway.predict(MODEL).headers["x-prediction-id"]
        told = gateway.ready()["log"]
        sentence = "gateway: predictions are not logged (log_predictions is false)\n"
        assert gateway.log.read_text().count(sentence) == 1
    assert told == {"is_on": False, "written": 0, "lost": 0, "problems": []}
    assert not list((tmp_path / "predictions").rglob("*.jsonl"))
