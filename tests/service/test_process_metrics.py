"""Each process of a gateway, and a model server, tells what it takes of the machine."""

import os
import re
import urllib.request
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conftest import MlflowServer, pick_free_port
from tests.service.gateway_fixtures import Gateway, run_gateway
from tests.service.server_fixtures import Server, run_model_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gateway(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    var = tmp_path_factory.mktemp("var")
    with run_gateway(mlflow_server.uri, var, pick_free_port(), gateway_workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def model_server(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with run_model_server(mlflow_server.uri, tmp_path_factory.mktemp("var"), pick_free_port()) as running:
        yield running


def members(text: str, name: str) -> dict[str, str]:
    """The part of each process id."""
    return {
        pid: part for part, pid in re.findall(rf'^{name}{{part="([^"]+)",pid="(\d+)"}}', text, re.MULTILINE)
    }


@pytest.mark.parametrize("name", ["cpu_seconds_total", "resident_bytes", "open_files", "threads"])
def test_a_gateway_tells_of_its_master_its_workers_and_its_nursery(gateway, name):
    gateway.wait_until(lambda: len(gateway.workers()) == 2)
    text = gateway.call("GET", "/metrics").body.decode()
    found = members(text, f"penstock_process_{name}")
    assert Counter(found.values()) == {"gateway-master": 1, "gateway-worker": 2, "nursery": 1}
    assert found[str(gateway.process.pid)] == "gateway-master"
    assert {pid for pid, part in found.items() if part == "gateway-worker"} == {
        str(pid) for pid in gateway.workers()
    }


def test_a_worker_that_was_killed_leaves_and_its_successor_comes(gateway):
    before = gateway.workers()
    os.kill(before[0], 9)
    gateway.wait_until(lambda: len(gateway.workers()) == 2 and before[0] not in gateway.workers())

    def told() -> set[str]:
        text = gateway.call("GET", "/metrics").body.decode()
        found = members(text, "penstock_process_start_time_seconds")
        return {pid for pid, part in found.items() if part == "gateway-worker"}

    gateway.wait_until(lambda: told() == {str(pid) for pid in gateway.workers()})


def test_a_model_server_tells_of_itself_and_its_nursery(model_server):
    with urllib.request.urlopen(f"{model_server.url}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    found = members(text, "penstock_process_resident_bytes")
    assert found[str(model_server.process.pid)] == "model-server"
    assert sorted(found.values()) == ["model-server", "nursery"]
