"""What happens to requests when workers are told to leave, are reloaded or killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from serving.prediction_log.read import read
from tests.service.gateway_fixtures import REPO, Gateway, Load, run_gateway
from tests.service.gateway_models import register

MODEL = "gateway-processes"


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    version = register(mlflow_server.uri, MODEL, label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage(MODEL, version, "Production")
    folder = tmp_path_factory.mktemp("processes")
    with run_gateway(mlflow_server.uri, folder, free_port(), gateway_workers=2, log_segment_s=5) as running:
        running.wait_for(MODEL)
        yield running


def logged_ids(gateway: Gateway) -> set[str]:
    table = read(gateway.var_dir / "predictions", model=MODEL)
    return set(table.column("prediction_id").to_pylist())


def test_two_reloads_under_keep_alive_load_lose_no_request(gateway: Gateway) -> None:
    with Load(gateway, MODEL, clients=6) as load:
        for _ in range(2):
            before = set(gateway.workers())
            load.wait_for(len(load.answers) + 300)
            gateway.process.send_signal(signal.SIGHUP)
            gateway.wait_until(lambda old=before: old.isdisjoint(gateway.workers()))
        load.wait_for(len(load.answers) + 300)
    assert load.failures == []
    assert len(load.answers) >= 900


def test_a_request_on_an_idle_connection_is_answered_while_its_worker_leaves(gateway: Gateway) -> None:
    with Load(gateway, MODEL, clients=6, pause_s=0.3) as load:
        load.wait_for(20)
        gateway.process.send_signal(signal.SIGHUP)
        time.sleep(2.5)
    assert load.failures == []


def test_a_worker_that_is_terminated_loses_no_request(gateway: Gateway) -> None:
    with Load(gateway, MODEL) as load:
        load.wait_for(300)
        leaving = gateway.workers()[0]
        os.kill(leaving, signal.SIGTERM)
        gateway.wait_until(lambda: leaving not in gateway.workers() and len(gateway.workers()) == 2)
        load.wait_for(len(load.answers) + 300)
    assert load.failures == []


def test_every_answered_prediction_is_on_the_log_after_a_worker_was_killed(gateway: Gateway) -> None:
    with Load(gateway, MODEL) as load:
        load.wait_for(500)
        killed = gateway.workers()[0]
        os.kill(killed, signal.SIGKILL)
        gateway.wait_until(lambda: killed not in gateway.workers() and len(gateway.workers()) == 2)
        load.wait_for(len(load.answers) + 500)
    answered = {prediction_id for _, _, prediction_id in load.answers}
    assert len(answered) == len(load.answers) >= 1000
    assert answered <= logged_ids(gateway)


def test_another_worker_polls_after_the_polling_one_was_killed(gateway: Gateway) -> None:
    inode = str((gateway.var_dir / "gateway" / "poller.lock").stat().st_ino)

    def holders() -> set[int]:
        locks = (line.split() for line in Path("/proc/locks").read_text().splitlines())
        return {int(parts[4]) for parts in locks if parts[5].endswith(f":{inode}")}

    # The test before may have killed the one that polled.
    gateway.wait_until(lambda: len(holders()) == 1 and holders() <= set(gateway.workers()))
    os.kill(holders().pop(), signal.SIGKILL)
    polled = gateway.metric("penstock_registry_polled_timestamp_seconds")
    gateway.wait_until(lambda: gateway.metric("penstock_registry_polled_timestamp_seconds") > polled)


def test_the_counts_of_two_workers_add_up(gateway: Gateway) -> None:
    gateway.wait_until(lambda: len(gateway.workers()) == 2)
    labels = {"model": MODEL, "code": "200"}
    before = gateway.metric("penstock_requests_total", **labels)
    with Load(gateway, MODEL, clients=8) as load:
        load.wait_for(400)
    count = len(load.answers)
    gateway.wait_until(lambda: gateway.metric("penstock_requests_total", **labels) == before + count)
    gateway.wait_until(lambda: gateway.metric("penstock_requests_in_flight") == 0)


def test_what_no_worker_writes_any_more_is_sealed(gateway: Gateway) -> None:
    sealed = gateway.var_dir / "predictions" / "sealed"
    gateway.wait_until(lambda: list(sealed.rglob("*.parquet")))


def test_a_second_gateway_on_the_same_folder_is_refused(gateway: Gateway, free_port: Any) -> None:
    environ = os.environ | {
        "PENSTOCK_VAR_DIR": str(gateway.var_dir),
        "PENSTOCK_GATEWAY_PORT": str(free_port()),
    }
    command = [sys.executable, "-m", "serving"]
    done = subprocess.run(command, cwd=REPO, env=environ, capture_output=True, text=True, check=False)
    whose = f"'{gateway.var_dir}/gateway' belongs to a gateway that is running"
    how = "stop it, or give this one a PENSTOCK_VAR_DIR of its own"
    assert (done.returncode, done.stderr) == (1, f"gateway: {whose}; {how}\n")
    assert gateway.metric("penstock_registry_polls_total") > 0


def test_workers_leave_when_gunicorn_itself_was_killed(
    mlflow_server: Any, free_port: Any, tmp_path: Path
) -> None:
    with run_gateway(mlflow_server.uri, tmp_path, free_port(), gateway_workers=2) as gateway:
        orphans = gateway.workers()
        gateway.process.kill()
        gateway.process.wait()
        gateway.wait_until(lambda: not any(is_alive(pid) for pid in orphans))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_files_that_are_gone_at_the_next_start_are_fetched_again(
    mlflow_server: Any, free_port: Any, tmp_path: Path
) -> None:
    for _ in range(2):
        with run_gateway(mlflow_server.uri, tmp_path, free_port()) as gateway:
            gateway.wait_for(MODEL)
        shutil.rmtree(tmp_path / "gateway" / "models")
