"""The loop with real parts: shifted traffic, an alert, outcomes, `mlflow run -e retrain`, Staging, a canary.

Where Prometheus and Alertmanager are installed, a webhook is told of the drift.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient

from monitoring.retraining.journal import Decision, Journal
from serving.lifecycle.database import Database
from serving.lifecycle.moves import Lifecycle
from tests.conftest import REPO, pick_free_port, stop_group
from tests.service.gateway_fixtures import JSON, Gateway, run_gateway
from tests.service.training_fixtures import answer_of
from tests.stack.alerting import Alerting, alerting
from tests.stack.running_api import running_api

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

NAME, TARGET = "rain", "rain"
EARLY, LATE, END = 1000, 12_000, 13_200
BATCH_ROWS = 100
CAN_ALERT = all(shutil.which(name) for name in ("prometheus", "prometheus-alertmanager"))
POLICY = {
    "monitoring": {
        "retrain": ["drift"],
        "drift_share": 0.2,
        "retraining": {"drift_windows": "1 of 2", "new_rows": 1_000, "canary": True},
    },
    "traffic": {
        "canary": [20, 50, 100],
        "hold": {"min_requests": 20, "min_minutes": 0, "max_latency_ratio": 1_000},
    },
}


@dataclass
class Scene:
    client: MlflowClient
    gateway: Gateway
    database_url: str
    monitor_log: Path
    monitor_port: int
    alerting: Alerting | None

    def story(self) -> list[Decision]:
        return Journal(Database(self.database_url)).last(100, NAME)

    def wait_for(self, is_so: Callable[[list[Decision]], bool], limit_s: float) -> list[Decision]:
        deadline = time.monotonic() + limit_s
        while not is_so(self.story()):
            said = "\n".join(map(str, self.story()))
            assert time.monotonic() < deadline, f"{said}\n{self.monitor_log.read_text()[-3000:]}"
            time.sleep(0.5)
        return self.story()


@pytest.fixture(scope="module")
def weather(shared_data: Path) -> pd.DataFrame:
    """Fifty years of days in their order; whether it rains on the next."""
    frame = pd.read_csv(shared_data / "drift" / "weather_noaa.csv")
    return frame.rename(columns={"target": TARGET})


@pytest.fixture(scope="module")
def scene(
    mlflow_server: Any, weather: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("loop")
    port, settings = pick_free_port(), {"var_dir": folder / "var", "tracking_uri": mlflow_server.uri}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
        patch.setenv("PENSTOCK_VAR_DIR", str(folder / "var"))
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        train(folder, weather.iloc[:EARLY])
        client = MlflowClient(mlflow_server.uri)
        client.set_registered_model_tag(NAME, "penstock.policy", json.dumps(POLICY))
        with run_gateway(mlflow_server.uri, folder / "var", port) as gateway:
            gateway.wait_until(lambda: ask(gateway, weather.iloc[:1]).status == 200)
            ports = {"gateway_port": port, "monitor_port": pick_free_port()}
            often = {"monitor_interval_s": 1, "monitor_window_s": 10}
            tools = folder / "tools"
            tools.mkdir()
            with (
                running_monitor(folder, settings | ports | often) as log,
                running_api(
                    {f"PENSTOCK_{name.upper()}": str(value) for name, value in (settings | ports).items()},
                    folder / "api.log",
                ) as api_port,
                alerting(tools, **ports, api_port=api_port) if CAN_ALERT else nullcontext() as told,
            ):
                database_url = f"sqlite:///{folder}/var/penstock.db"
                yield Scene(client, gateway, database_url, log, ports["monitor_port"], told)


class running_monitor:  # noqa: N801 - read as a function: `with running_monitor(...)`
    def __init__(self, folder: Path, settings: dict[str, object]) -> None:
        self.log = folder / "monitor.log"
        self.environ = os.environ | {f"PENSTOCK_{key.upper()}": str(value) for key, value in settings.items()}

    def __enter__(self) -> Path:
        command = [sys.executable, "-m", "monitoring", "loop"]
        with self.log.open("wb") as said:
            self.process = subprocess.Popen(
                command, cwd=REPO, env=self.environ, stdout=said, stderr=said, start_new_session=True
            )
        return self.log

    def __exit__(self, *_: object) -> None:
        stop_group(self.process)


def train(folder: Path, frame: pd.DataFrame) -> None:
    path = folder / "early.csv"
    frame.to_csv(path, index=False)
    where = ("--data", str(path), "--target", TARGET, "--name", NAME, "--stage", "Production")
    quick = ("--candidates", "logistic", "--tune-seconds", "0", "--folds", "2", "--gate", "AUC > 0.6")
    answer_of("main", *where, *quick)


def ask(gateway: Gateway, frame: pd.DataFrame) -> Any:
    records = frame.drop(columns=[TARGET]).to_dict("records")
    return gateway.predict(NAME, json.dumps({"dataframe_records": records}).encode())


def live(gateway: Gateway, frame: pd.DataFrame) -> None:
    """Ask about days, and tell at once whether it rained."""
    for start in range(0, len(frame), BATCH_ROWS):
        rows = frame.iloc[start : start + BATCH_ROWS]
        answer = ask(gateway, rows)
        assert answer.status == 200, answer.body
        name = answer.headers["x-prediction-id"]
        told = [{"prediction_id": f"{name}-{i}", "label": int(each)} for i, each in enumerate(rows[TARGET])]
        assert gateway.call("POST", "/feedback", json.dumps(told), JSON).status in (200, 202)


def test_shifted_traffic_ends_in_a_canary_of_a_better_version(scene: Scene, weather: pd.DataFrame) -> None:
    live(scene.gateway, weather.iloc[LATE:END])
    story = scene.wait_for(lambda told: any(each.decision == "canary" for each in told), 600)
    assert [each.decision for each in story if each.decision != "wait"][:3] == [
        "retrain",
        "registered",
        "canary",
    ]
    started = next(each for each in story if each.decision == "retrain")
    assert "of its columns" in started.reasons[0]
    assert "better beyond chance" in next(each for each in story if each.decision == "registered").reasons[0]
    assert scene.client.get_model_version(NAME, "2").current_stage == "Staging"
    lifecycle = Lifecycle(scene.client, scene.database_url, actor="a test")
    assert "better beyond chance" in lifecycle.history(NAME)[-1].reason


def test_the_monitor_shows_what_it_did(scene: Scene) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{scene.monitor_port}/metrics") as answer:
        text = answer.read().decode()
    assert f'penstock_retrainings_total{{model="{NAME}",outcome="better"}} 1.0' in text
    assert f'penstock_canary_step{{model="{NAME}"}} 20.0' in text


def test_the_canary_is_stepped_as_its_traffic_does_well(scene: Scene, weather: pd.DataFrame) -> None:
    # The registry says so before the gateway has fetched and loaded the version.
    day = weather.iloc[LATE : LATE + 1]
    scene.gateway.wait_until(lambda: ask(scene.gateway, day).headers.get("x-penstock-version") == "2")
    for place in range(600):
        assert ask(scene.gateway, weather.iloc[LATE + place : LATE + place + 1]).status == 200
    scene.wait_for(lambda told: any("50 %" in reason for each in told for reason in each.reasons[:1]), 60)
    route = json.loads(scene.client.get_registered_model(NAME).tags["penstock.route"])
    assert route["variants"]["challenger"]["weight"] == 50
    assert scene.client.get_model_version(NAME, "1").current_stage == "Production"


def test_a_batch_is_scored_by_the_clock(scene: Scene, weather: pd.DataFrame, tmp_path: Path) -> None:
    days = tmp_path / "days.csv"
    weather.iloc[:50].drop(columns=[TARGET]).to_csv(days, index=False)
    batch = {"data": str(days), "output": str(tmp_path / "{date}.csv"), "schedule": "* * * * *"}
    policy = json.dumps(POLICY | {"batch": batch})
    scene.client.set_registered_model_tag(NAME, "penstock.policy", policy)
    scene.wait_for(lambda told: any(each.decision == "scored" for each in told), 150)
    scene.client.set_registered_model_tag(NAME, "penstock.policy", json.dumps(POLICY))
    assert len(pd.read_csv(next(tmp_path.glob("20??-??-??.csv")))) == 50


@pytest.mark.skipif(not CAN_ALERT, reason="needs prometheus and prometheus-alertmanager (apt install them)")
def test_the_team_is_told_of_the_drift(scene: Scene, weather: pd.DataFrame) -> None:
    told = scene.alerting
    assert told is not None

    def is_told() -> bool:
        ask(scene.gateway, weather.iloc[LATE:END])  # a window is short here, so the traffic must go on
        return bool(told.webhook.alerts("DataDrift") or told.webhook.alerts("QualityDrop"))

    told.wait_until(is_told, 120)
    drift = f'max_over_time(penstock_drift_detected{{model="{NAME}", version="1"}}[30m])'
    assert told.value(drift) == 1.0
    # Where the quality is known to have dropped, nobody is told of the drift beside it.
    _, alert = (told.webhook.alerts("QualityDrop") or told.webhook.alerts("DataDrift"))[0]
    assert alert["labels"]["model"] == NAME
