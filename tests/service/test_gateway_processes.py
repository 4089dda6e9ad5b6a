"""What happens to requests when workers are told to leave, are reloaded or killed."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from serving.prediction_log.read import read
from tests.service.gateway_fixtures import Gateway, Load, run_gateway
from tests.service.gateway_models import register

MODEL = "gateway-processes"


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    version = register(mlflow_server.uri, MODEL, label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage(MODEL, version, "Production")
    folder = tmp_path_factory.mktemp("processes")
    with run_gateway(mlflow_server.uri, folder, free_port(), gateway_workers=2, log_segment_s=5) as running:
        running.wait_until(lambda: all(running.predict(MODEL).status == 200 for _ in range(40)))
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
    assert len(load.answers) > 1000


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
    locks = Path("/proc/locks").read_text().splitlines()
    inode = str((gateway.var_dir / "gateway" / "poller.lock").stat().st_ino)
    holder = next(int(line.split()[4]) for line in locks if line.split()[5].endswith(f":{inode}"))
    assert holder in gateway.workers()
    os.kill(holder, signal.SIGKILL)
    polled = gateway.metric("penstock_registry_polled_timestamp_seconds")
    gateway.wait_until(lambda: gateway.metric("penstock_registry_polled_timestamp_seconds") > polled)


def test_the_counts_of_two_workers_add_up(gateway: Gateway) -> None:
    gateway.wait_until(lambda: len(gateway.workers()) == 2)
    labels = {"model": MODEL, "code": "200"}
    before = gateway.metric("penstock_requests_total", **labels)
    with Load(gateway, MODEL, clients=8) as load:
        load.wait_for(400)
    count = len(load.answers)
    gateway.wait_until(lambda: gateway.metric("penstock_requests_total", **labels) == before + count, 3)
    gateway.wait_until(lambda: gateway.metric("penstock_requests_in_flight") == 0, 3)


def test_what_no_worker_writes_any_more_is_sealed(gateway: Gateway) -> None:
    sealed = gateway.var_dir / "predictions" / "sealed"
    gateway.wait_until(lambda: list(sealed.rglob("*.parquet")))
