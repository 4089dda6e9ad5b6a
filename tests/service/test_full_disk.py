"""A real gateway whose log lies on a file system that fills up: it answers on, and counts what is lost."""

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from mlflow import MlflowClient

from serving.prediction_log.read import read
from tests.service.gateway_fixtures import JSON, Gateway, Load, run_gateway
from tests.service.gateway_models import register

MODEL = "full-disk"
SIZE = "3m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "var" / "predictions"
    place.mkdir(parents=True)
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounting.returncode:
        pytest.skip("mounting a small file system needs rights that this process has not")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def gateway(small_disk: Path, mlflow_server: Any, free_port: Any) -> Iterator[Gateway]:
    version = register(mlflow_server.uri, MODEL, label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage(MODEL, version, "Production")
    with run_gateway(mlflow_server.uri, small_disk.parent, free_port(), log_segment_s=2) as running:
        running.wait_for(MODEL)
        yield running


def lost(gateway: Gateway) -> float:
    return gateway.metric("penstock_log_lost_total")


def logged(folder: Path) -> set[str]:
    return set(read(folder, model=MODEL).column("prediction_id").to_pylist())


@pytest.mark.slow
def test_a_full_disk_fails_no_prediction_and_each_lost_record_is_counted(
    gateway: Gateway, small_disk: Path
) -> None:
    with Load(gateway, MODEL, clients=6) as load:
        load.wait_for(200)
        ballast = small_disk / "ballast"
        fill = threading.Thread(target=fill_up, args=(ballast,))
        fill.start()
        fill.join()
        gateway.wait_until(lambda: lost(gateway) > 200)
        detail = gateway.call("GET", "/ready")
        told = orjson.dumps({"prediction_id": load.answers[0][2], "label": 1})
        feedback = gateway.call("POST", "/feedback", told, JSON)
        ballast.unlink()
        assert gateway.call("POST", "/feedback", told, JSON).status == 200
        gateway.wait_until(lambda: gateway.ready()["log"]["problems"] == [])
        load.wait_for(len(load.answers) + 300)
    assert load.failures == []
    assert detail.status == 200
    assert "the prediction log cannot be written" in detail.json()["log"]["problems"][0]
    assert (feedback.status, feedback.headers["retry-after"]) == (503, "5")
    answered = [name for _, _, name in load.answers]
    total = len(answered)
    time.sleep(0.5)  # counts are brought into the metrics five times a second
    gateway.wait_until(lambda: list((small_disk / "sealed").rglob("*.parquet")))
    found = logged(small_disk)
    assert total - len(found.intersection(answered)) == lost(gateway)
    assert set(answered[-100:]) <= found
    assert lost(gateway) > 200


def fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 512):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
