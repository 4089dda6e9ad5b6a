"""PostgreSQL restarts under load: the gateway answers on, the API recovers, jobs run once, monitors go on."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from itertools import pairwise

import mlflow
import pytest
from mlflow import MlflowClient

from monitoring.history import History
from serving.lifecycle.database import Database
from tests.conftest import REPO, pick_free_port, stop_group
from tests.service.gateway_fixtures import Load
from tests.service.gateway_models import register
from tests.service.job_fixtures import ServiceProcess, ask, desk_of, over
from tests.service.monitor_fixtures import register as watched
from tests.service.monitor_fixtures import rows, versioned_reference, write_log
from tests.service.platform_fixtures import run_platform
from tests.service.postgres_server import run_postgres


@pytest.fixture
def own_server(tmp_path):
    with run_postgres(tmp_path / "postgres", pick_free_port()) as server:
        yield server


@pytest.mark.slow
def test_gateway_and_api_over_a_restart_under_load(own_server, mlflow_server, tmp_path):
    register(mlflow_server.uri, "steady", label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage("steady", "1", "Production")
    url, var_dir = own_server.url(), tmp_path / "var"
    with run_platform(
        mlflow_server.uri, var_dir, with_jobs=False, with_gateway=True, database_url=url
    ) as platform:
        platform.gateway.wait_for("steady")
        assert platform.get("/api/ml/jobs").status == 200
        with Load(platform.gateway, "steady", clients=2, pause_s=0.01) as load:
            own_server.stop()
            time.sleep(1.0)
            away = platform.get("/api/ml/jobs")
            own_server.start()
            deadline = time.monotonic() + 60
            while (back := platform.get("/api/ml/jobs")).status != 200 and time.monotonic() < deadline:
                time.sleep(0.2)
        assert away.status == 503
        assert "database" in away.json()["error"]["message"]
        assert back.status == 200
        assert load.failures == []
        assert load.answers[-1][0] - load.answers[0][0] > 1.0


@pytest.mark.slow
def test_jobs_over_a_restart_are_done_once(own_server, mlflow_server, tmp_path):
    desk = desk_of(tmp_path, mlflow_server.uri, database_url=own_server.url(), jobs_at_once=2)
    files = [tmp_path / f"count{number}" for number in range(2)]
    with ServiceProcess(desk.settings, tmp_path / "service.log"):
        asked = [ask(desk, "count", file=str(file)) for file in files]
        deadline = time.monotonic() + 120
        while not all(file.exists() for file in files) and time.monotonic() < deadline:
            time.sleep(0.1)
        own_server.stop()
        time.sleep(2.0)
        own_server.start()
        ended = [over(desk, job) for job in asked]
    assert [job.state for job in ended] == ["completed", "completed"]
    assert [file.read_text().count("once") for file in files] == [1, 1]


@contextmanager
def monitoring(var_dir, uri, url, port):
    """A monitor's process, and what its metrics say."""
    values = {"var_dir": var_dir, "tracking_uri": uri, "database_url": url, "monitor_port": port}
    values |= {"monitor_interval_s": 0.5, "monitor_window_rows": 50, "monitor_min_rows": 20}
    environ = os.environ | {f"PENSTOCK_{key.upper()}": str(value) for key, value in values.items()}
    log = var_dir / "monitor.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitoring", "loop"],
            cwd=REPO, env=environ, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        yield process, log
    finally:
        stop_group(process, 30)


def wait_until(condition, log, timeout_s=60.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)


def checked_at(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    found = re.search(r"^penstock_last_check_timestamp_seconds (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.fixture
def client(mlflow_server):
    mlflow.set_tracking_uri(mlflow_server.uri)
    yield MlflowClient(mlflow_server.uri)
    mlflow.set_tracking_uri("")


@pytest.mark.slow
def test_the_monitor_over_a_restart_judges_on_and_keeps_each_window_once(own_server, mlflow_server, tmp_path):
    mlflow.set_tracking_uri(mlflow_server.uri)
    client, model, port = MlflowClient(mlflow_server.uri), "watched on", pick_free_port()
    client.create_registered_model(model)
    version = watched(client, model, tmp_path / "files", versioned_reference())
    history = History(Database(own_server.url()))

    def answer(seed):
        write_log(tmp_path / "predictions", model, version, rows(60, seed, 0.0))

    answer(1)
    with monitoring(tmp_path, mlflow_server.uri, own_server.url(), port) as (process, log):
        wait_until(lambda: history.last(10, model=model), log)
        own_server.stop()
        answer(2)
        wait_until(lambda: "nobody knows who is on duty" in log.read_text(), log)
        before_s = checked_at(port)
        wait_until(lambda: checked_at(port) > before_s, log)
        own_server.start()
        wait_until(lambda: len(history.last(10, model=model)) == 2, log)
        answer(3)
        wait_until(lambda: len(history.last(10, model=model)) == 3, log)
        assert process.poll() is None
        assert "Traceback" not in log.read_text()
    spans = sorted((each.span.since_s, each.span.until_s) for each in history.last(10, model=model))
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
