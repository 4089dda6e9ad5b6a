"""The traffic shifts, and a webhook is told so with a link to what to do.

Gateway, prediction log, monitor, Prometheus, Alertmanager: all of it real, and only quicker than by default.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.conftest import REPO, MlflowServer, pick_free_port, stop_group, wait_for_http
from tests.service.gateway_fixtures import JSON, Gateway, run_gateway
from tests.stack.alerting import Alerting, alerting
from tests.stack.running_api import running_api

MISSING = [name for name in ("prometheus", "prometheus-alertmanager") if shutil.which(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)} (apt install them)"),
]

NAME = "rain"
ROWS = 1_460
LEARNED, BETWEEN, LATE = slice(0, 2 * ROWS, 2), slice(1, 2 * ROWS, 2), slice(9_490, 9_490 + ROWS)
"""Every second day of eight years, the days between, and four years two decades later."""
POLICY = {"monitoring": {"drift_share": 0.3, "min_quality": ["accuracy >= 0.6"]}}


@dataclass(frozen=True)
class Scene:
    gateway: Gateway
    monitor: "subprocess.Popen[bytes]"
    alerting: Alerting
    weather: pd.DataFrame

    def send(self, which: slice) -> dict[str, int]:
        """Have these days answered, shuffled: at any moment they are like all. Tells each by its id."""
        told: dict[str, int] = {}
        days = self.weather.drop(columns="target").iloc[which].sample(frac=1, random_state=1)
        for start in range(0, len(days), 100):
            rows = days.iloc[start : start + 100].to_dict("split", index=False)
            answer = self.gateway.predict(NAME, json.dumps({"dataframe_split": rows}).encode())
            assert answer.status == 200, answer.body
            request = answer.headers["x-prediction-id"]
            told |= {f"{request}-{row}": said for row, said in enumerate(answer.json()["predictions"])}
        return told

    def gauge(self, name: str) -> float | None:
        return self.alerting.value(f'{name}{{model="{NAME}", version="1", variant="champion"}}')


@pytest.fixture(scope="module")
def weather(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "drift" / "weather_noaa.csv")


def put_in_production(server: MlflowServer, folder: Path, weather: pd.DataFrame) -> None:
    """A version with the days that it learned from as its reference."""
    early = weather.iloc[LEARNED]
    rows = early.drop(columns="target")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, early["target"])
    client = MlflowClient(server.uri)
    mlflow.set_tracking_uri(server.uri)
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(rows, model.predict(rows)),
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],
        )
    folder.mkdir()
    reference = rows.assign(prediction=model.predict(rows), label=early["target"])
    reference.to_parquet(folder / "reference.parquet")
    client.log_model_artifacts(logged.model_id, str(folder))
    client.create_registered_model(NAME)
    client.create_model_version(NAME, f"models:/{logged.model_id}", model_id=logged.model_id)
    client.set_registered_model_tag(NAME, "penstock.policy", json.dumps(POLICY))


@pytest.fixture(scope="module")
def scene(
    mlflow_server: MlflowServer, weather: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("alerts")
    var, monitor_port = folder / "var", pick_free_port()
    put_in_production(mlflow_server, folder / "reference", weather)
    client = MlflowClient(mlflow_server.uri)
    client.transition_model_version_stage(NAME, "1", "Production")
    with run_gateway(mlflow_server.uri, var, pick_free_port()) as gateway:
        environ = {
            "PENSTOCK_VAR_DIR": str(var),
            "PENSTOCK_TRACKING_URI": mlflow_server.uri,
            "PENSTOCK_GATEWAY_PORT": str(gateway.port),
            "PENSTOCK_MONITOR_PORT": str(monitor_port),
            "PENSTOCK_MONITOR_INTERVAL_S": "1",
            "PENSTOCK_MONITOR_MAX_ROWS": str(ROWS),
        }
        monitor = subprocess.Popen(
            [sys.executable, "-m", "monitoring", "loop"],
            cwd=REPO,
            env=os.environ | environ,
            stdout=(folder / "monitor.log").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for_http(f"http://127.0.0.1:{monitor_port}/health", monitor)
            tools = folder / "tools"
            tools.mkdir()
            with (
                running_api(environ, folder / "api.log") as api_port,
                alerting(
                    tools, gateway_port=gateway.port, monitor_port=monitor_port, api_port=api_port
                ) as told,
            ):
                gateway.wait_until(
                    lambda: (
                        {gateway.call("GET", path).status for path in (f"/models/{NAME}", "/ready")} == {200}
                    )
                )
                yield Scene(gateway, monitor, told, weather)
        finally:
            stop_group(monitor)


def test_the_alert_that_always_fires_reaches_its_receiver(scene: Scene) -> None:
    told = scene.alerting
    told.wait_until(lambda: told.webhook.alerts("Watchdog"))
    assert told.webhook.alerts("Watchdog")[0][0] == "/watchdog"


def test_traffic_like_the_reference_alarms_nobody(scene: Scene) -> None:
    told = scene.alerting
    scene.send(BETWEEN)
    told.wait_until(lambda: scene.gauge("penstock_window_rows") == ROWS)
    told.wait_until(lambda: scene.gauge("penstock_drift_share") is not None)
    assert scene.gauge("penstock_drift_detected") == 0.0
    told.wait_until(lambda: told.firing() == {"Watchdog"})  # ModelUnwatched lets no minute pass here
    assert told.webhook.alerts("DataDrift") == []


def test_twenty_years_later_the_team_is_told_with_a_runbook_link_that_leads_somewhere(scene: Scene) -> None:
    told = scene.alerting
    before = scene.gauge("penstock_drift_share") or 0.0
    scene.send(LATE)
    told.wait_until(lambda: told.webhook.alerts("DataDrift"))
    path, alert = told.webhook.alerts("DataDrift")[0]
    lane = {"model": NAME, "version": "1", "variant": "champion"}
    assert path == "/team"
    assert alert["labels"] == lane | {"alertname": "DataDrift", "severity": "warning", "part": "model"}
    assert alert["status"] == "firing"
    assert alert["annotations"]["summary"] == (
        "rain version 1 (champion) sees other data than it was trained on."
    )
    assert (scene.gauge("penstock_drift_share") or 0.0) > before
    file, _, heading = alert["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^## (\w+)$", (REPO / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert heading in {each.lower() for each in headings}


def test_outcomes_that_contradict_the_answers_call_who_is_on_call(scene: Scene) -> None:
    told = scene.alerting
    answers = list(scene.send(slice(LATE.start, LATE.start + 300)).items())
    outcomes = [{"prediction_id": each, "label": 1 - said} for each, said in answers]
    answer = scene.gateway.call("POST", "/feedback", json.dumps(outcomes).encode(), JSON)
    assert answer.status == 200, answer.body
    told.wait_until(lambda: told.webhook.alerts("QualityDrop"))
    assert told.webhook.alerts("QualityDrop")[0][0] == "/on-call"
    assert told.value(f'penstock_quality{{model="{NAME}", metric="accuracy"}}') == 0.0
    told.wait_until(lambda: told.is_inhibited("DataDrift"))


def test_who_is_on_call_hears_of_a_gateway_that_dies_and_not_of_what_follows(scene: Scene) -> None:
    told = scene.alerting
    scene.gateway.process.terminate()
    scene.gateway.process.wait(120)
    told.wait_until(lambda: told.webhook.alerts("GatewayDown"))
    assert told.webhook.alerts("GatewayDown")[0][0] == "/on-call"
    told.wait_until(lambda: told.is_inhibited("QualityDrop"))


def test_a_monitor_that_dies_is_told_of(scene: Scene) -> None:
    told = scene.alerting
    stop_group(scene.monitor)
    told.wait_until(lambda: told.webhook.alerts("MonitorDown"))
    assert told.webhook.alerts("MonitorDown")[0][0] == "/team"
