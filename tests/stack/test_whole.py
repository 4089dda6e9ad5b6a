"""Train, promote, predict, move, roll back, lose a worker: the whole with real parts."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from typing import Any

import mlflow
import pandas as pd
import pytest

from serving.prediction_log.read import read
from tests.conftest import pick_free_port, stop_group, wait_for_http
from tests.service.gateway_fixtures import Answer, Load
from tests.stack.conftest import NAME, House

pytestmark = pytest.mark.slow

ALONE_S = 2.0


def reference(house: House, version: str) -> pd.DataFrame:
    mlflow.set_tracking_uri(house.mlflow_url)
    return pd.read_parquet(mlflow.artifacts.download_artifacts(f"models:/{NAME}/{version}/reference.parquet"))


@pytest.fixture(scope="module")
def rows(trained: House) -> pd.DataFrame:
    return reference(trained, "1").drop(columns=["prediction", "label", "probabilities"])


def ask(house: House, body: dict[str, Any]) -> Answer:
    return house.gateway.predict(NAME, json.dumps(body).encode())


def bodies(rows: pd.DataFrame) -> list[bytes]:
    return [json.dumps({"dataframe_records": [record]}).encode() for record in rows.to_dict("records")]


def wait_until_served(house: House, version: str, body: bytes) -> None:
    house.gateway.wait_until(
        lambda: house.gateway.predict(NAME, body).headers["x-penstock-version"] == version
    )


def put_in_production(house: House, version: str) -> None:
    house.client.transition_model_version_stage(NAME, version, "Production", archive_existing_versions=True)


def test_the_gate_that_passed_put_the_newest_version_into_staging(trained: House) -> None:
    version = trained.client.get_model_version(NAME, "2")
    assert (version.current_stage, version.tags["penstock.gate"]) == ("Staging", "pass")


def test_the_answer_equals_the_models_own(trained: House, rows: pd.DataFrame) -> None:
    mlflow.set_tracking_uri(trained.mlflow_url)
    put_in_production(trained, "1")
    wait_until_served(trained, "1", bodies(rows)[0])
    expected = mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict(rows).tolist()
    answer = ask(trained, {"dataframe_split": rows.to_dict("split", index=False)})
    assert answer.json() == {"predictions": expected}
    assert answer.headers["x-penstock-version"] == "1"


def is_alone(load: Load, version: str) -> bool:
    """Whether a version gave all answers of the last seconds."""
    lately = [found for at_s, found, _ in list(load.answers) if at_s > time.monotonic() - ALONE_S]
    return set(lately) == {version}


def test_moves_under_load_fail_no_request_and_then_the_new_version_alone_answers(
    trained: House, rows: pd.DataFrame
) -> None:
    put_in_production(trained, "1")
    wait_until_served(trained, "1", bodies(rows)[0])
    with Load(trained.gateway, NAME, bodies=bodies(rows)) as load:
        for version in ("2", "1", "2", "1"):
            load.wait_for(len(load.answers) + 500)
            put_in_production(trained, version)
            trained.gateway.wait_until(lambda version=version: is_alone(load, version))
            settled = len(load.answers)
            load.wait_for(settled + 500)
            assert set(load.versions()[settled:]) == {version}
    assert load.failures == []
    assert len(load.answers) >= 2_000


def test_rollback_leaves_one_version_in_production_and_the_history_tells_both_moves(
    trained: House, rows: pd.DataFrame
) -> None:
    put_in_production(trained, "1")
    trained.client.transition_model_version_stage(NAME, "2", "Staging")
    assert trained.mlflow_run("promote", name=NAME, version="2", reason="better").returncode == 0
    done = trained.mlflow_run("rollback", name=NAME, reason="worse after all")
    assert done.returncode == 0, done.stdout + done.stderr
    stages = {str(v.version): v.current_stage for v in trained.client.search_model_versions(f"name='{NAME}'")}
    assert stages["1"] == "Production"
    assert list(stages.values()).count("Production") == 1
    wait_until_served(trained, "1", bodies(rows)[0])
    history = json.loads(trained.run("serving.lifecycle", "history", NAME, "--json").stdout)
    reasons = [entry["reason"] for entry in history]
    assert reasons.index("better") < reasons.index("worse after all")
    assert any(entry["external"] for entry in history)


def test_every_answered_prediction_is_logged_though_a_worker_is_killed(
    trained: House, rows: pd.DataFrame
) -> None:
    with Load(trained.gateway, NAME, bodies=bodies(rows)) as load:
        load.wait_for(500)
        os.kill(trained.gateway.workers()[0], signal.SIGKILL)
        load.wait_for(1_500)
    answered = {prediction_id for _, _, prediction_id in load.answers}
    logged = read(trained.var / "predictions", model=NAME).column("prediction_id").to_pylist()
    assert len(answered) >= 1_000
    assert answered <= set(logged)
    assert len(logged) == len(set(logged))


def test_mlflow_models_serve_serves_the_registered_version(trained: House, rows: pd.DataFrame) -> None:
    port = pick_free_port()
    command = [
        "mlflow",
        "models",
        "serve",
        "-m",
        f"models:/{NAME}/1",
        "--env-manager",
        "local",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        command,
        env=trained.environ,
        cwd=trained.var,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_http(f"http://127.0.0.1:{port}/ping", process)
        body = json.dumps({"dataframe_records": rows[:5].to_dict("records")}).encode()
        url = f"http://127.0.0.1:{port}/invocations"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            found = json.loads(answer.read())
    finally:
        stop_group(process)
    assert found["predictions"] == reference(trained, "1")["prediction"][:5].tolist()
