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
from tests.stack.conftest import NAME, House
from tests.stack.load import Load

pytestmark = pytest.mark.slow
PATH = f"/models/{NAME}/invocations"


def reference(house: House, version: str) -> pd.DataFrame:
    mlflow.set_tracking_uri(house.mlflow_url)
    return pd.read_parquet(mlflow.artifacts.download_artifacts(f"models:/{NAME}/{version}/reference.parquet"))


@pytest.fixture(scope="module")
def rows(trained: House) -> pd.DataFrame:
    return reference(trained, "1").drop(columns=["prediction", "label"])


def post(url: str, body: dict[str, Any], **headers: str) -> tuple[dict[str, Any], Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"} | headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read()), answer.headers


def served_version(house: House, record: dict[str, Any]) -> str:
    return str(post(house.gateway_url + PATH, {"dataframe_records": [record]})[1]["X-Penstock-Version"])


def wait_until_served(house: House, version: str, record: dict[str, Any], limit_s: float = 3.0) -> None:
    deadline = time.monotonic() + limit_s
    while served_version(house, record) != version:
        assert time.monotonic() < deadline, f"version {version} does not answer {limit_s} s after its move"
        time.sleep(0.05)


def put_in_production(house: House, version: str) -> None:
    house.client.transition_model_version_stage(NAME, version, "Production", archive_existing_versions=True)


def test_the_gate_that_passed_put_the_newest_version_into_staging(trained: House) -> None:
    version = trained.client.get_model_version(NAME, "2")
    assert (version.current_stage, version.tags["penstock.gate"]) == ("Staging", "pass")


def test_the_answer_equals_the_models_own(trained: House, rows: pd.DataFrame) -> None:
    mlflow.set_tracking_uri(trained.mlflow_url)
    put_in_production(trained, "1")
    wait_until_served(trained, "1", rows.iloc[0].to_dict())
    expected = mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict(rows).tolist()
    found, headers = post(trained.gateway_url + PATH, {"dataframe_split": rows.to_dict("split", index=False)})
    assert found["predictions"] == expected
    assert headers["X-Penstock-Version"] == "1"


def test_moves_under_load_fail_no_request_and_the_new_version_answers_within_3_s(
    trained: House, rows: pd.DataFrame
) -> None:
    put_in_production(trained, "1")
    wait_until_served(trained, "1", rows.iloc[0].to_dict())
    moves = []
    with Load(trained.gateway_port, PATH, rows.to_dict("records")) as load:
        for version in ("2", "1", "2", "1"):
            load.wait_for(len(load.answers) + 500)
            put_in_production(trained, version)
            moves.append((version, time.monotonic()))
            time.sleep(3.0)
    assert len(load.answers) >= 2_000
    assert {answer.status for answer in load.answers} == {200}
    for version, moved_s in moves:
        late = [a for a in load.answers if moved_s + 3.0 < a.at_s < moved_s + 3.2 and a.version != version]
        first = min(a.at_s for a in load.answers if a.version == version and a.at_s > moved_s)
        assert late == []
        assert first - moved_s < 3.0


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
    wait_until_served(trained, "1", rows.iloc[0].to_dict())
    history = json.loads(trained.run("serving.lifecycle", "history", NAME, "--json").stdout)
    reasons = [entry["reason"] for entry in history]
    assert reasons.index("better") < reasons.index("worse after all")
    assert any(entry["external"] for entry in history)


def test_every_answered_prediction_is_logged_though_a_worker_is_killed(trained: House, rows: pd.DataFrame) -> None:
    with Load(trained.gateway_port, PATH, rows.to_dict("records")) as load:
        load.wait_for(500)
        children = subprocess.run(["pgrep", "-P", str(trained.gateway.pid)], capture_output=True, text=True, check=True)
        os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
        load.wait_for(1_500)
    answered = {answer.prediction_id for answer in load.answers if answer.status == 200}
    logged = read(trained.var / "predictions", model=NAME).column("prediction_id").to_pylist()
    assert len(answered) >= 1_000
    assert answered <= set(logged)
    assert len(logged) == len(set(logged))


def test_mlflow_models_serve_serves_the_registered_version(trained: House, rows: pd.DataFrame) -> None:
    port = pick_free_port()
    command = ["mlflow", "models", "serve", "-m", f"models:/{NAME}/1", "--env-manager", "local", "--port", str(port)]
    process = subprocess.Popen(command, env=trained.environ, cwd=trained.var, start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_http(f"http://127.0.0.1:{port}/ping", process)
        found, _ = post(f"http://127.0.0.1:{port}/invocations", {"dataframe_records": rows[:5].to_dict("records")})
    finally:
        stop_group(process)
    assert found["predictions"] == reference(trained, "1")["prediction"][:5].tolist()
