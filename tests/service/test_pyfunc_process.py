"""A version's own code runs in a process of its own: whatever it does, the gateway and the others go on."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.service import foreign_models as foreign
from tests.service.foreign_models import body
from tests.service.gateway_fixtures import Gateway, run_gateway
from tests.service.gateway_models import register

MOODY, NEIGHBOUR, OTHER = "moody", "moody-neighbour", "moody-other"
TIME_LIMIT_S = 5.0


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    uri = mlflow_server.uri
    foreign.register_moody(uri, MOODY)
    foreign.register_moody(uri, OTHER)
    version = register(uri, NEIGHBOUR, label="yes")
    MlflowClient(uri).transition_model_version_stage(NEIGHBOUR, version, "Production")
    folder = tmp_path_factory.mktemp("pyfunc")
    settings = {"gateway_time_limit_s": TIME_LIMIT_S, "gateway_workers": 2, "pyfunc_memory_bytes": 2 << 30}
    with run_gateway(uri, folder, free_port(), **settings) as running:
        for name in (MOODY, OTHER, NEIGHBOUR):
            running.wait_for_all(lambda name=name: answers(running, name))
        yield running


@pytest.fixture(autouse=True)
def well(gateway: Gateway) -> Iterator[None]:
    """Each test leaves the model answering, whatever it did to it."""
    yield
    gateway.wait_for_all(lambda: answers(gateway, MOODY))


def answers(gateway: Gateway, name: str) -> bool:
    return gateway.predict(name, body(foreign.WELL)).status == 200


def pids(gateway: Gateway, name: str = MOODY) -> set[int]:
    found = [gateway.predict(name, body(foreign.TELLS_PID)) for _ in range(12)]
    return {int(answer.json()["predictions"][0]) for answer in found if answer.status == 200}


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_two_workers_share_one_process_that_is_neither_of_them(gateway: Gateway) -> None:
    [pid] = pids(gateway)
    assert pid not in {*gateway.workers(), gateway.process.pid}


def test_two_versions_have_two_processes(gateway: Gateway) -> None:
    assert pids(gateway).isdisjoint(pids(gateway, OTHER))


@pytest.mark.parametrize("how", [foreign.EXITS, foreign.SEGFAULTS])
def test_a_crash_fails_its_own_request_and_the_next_is_answered(gateway: Gateway, how: int) -> None:
    workers = gateway.workers()
    answer = gateway.predict(MOODY, body(how))
    assert answer.status == 503
    assert "the model's process ended while it answered" in answer.json()["message"]
    gateway.wait_until(lambda: answers(gateway, MOODY))
    assert gateway.workers() == workers


def test_neighbours_are_answered_while_a_model_crashes_again_and_again(gateway: Gateway) -> None:
    stop = threading.Event()

    def crash() -> None:
        while not stop.is_set():
            gateway.predict(MOODY, body(foreign.EXITS))

    with ThreadPoolExecutor(1) as pool:
        pool.submit(crash)
        try:
            found = [
                gateway.predict(name, body(foreign.WELL)) for _ in range(60) for name in (NEIGHBOUR, OTHER)
            ]
        finally:
            stop.set()
    assert [answer.body for answer in found if answer.status != 200] == []


def test_a_process_that_is_killed_is_started_again_without_being_asked(gateway: Gateway) -> None:
    [pid] = pids(gateway)
    os.kill(pid, signal.SIGKILL)
    gateway.wait_until(lambda: pids(gateway) not in (set(), {pid}))
    assert len(pids(gateway)) == 1


@pytest.mark.parametrize("how", [foreign.HANGS, pytest.param(foreign.STUCK, marks=pytest.mark.slow)])
def test_a_process_whose_threads_all_hang_is_replaced(gateway: Gateway, how: int) -> None:
    [pid] = pids(gateway)
    with ThreadPoolExecutor(4) as pool:
        hung = list(pool.map(lambda _: gateway.predict(MOODY, body(how)).status, range(4)))
    assert set(hung) <= {503, 504}
    assert 504 in hung
    gateway.wait_until(lambda: not is_alive(pid))
    gateway.wait_until(lambda: answers(gateway, MOODY))


def test_a_stopped_process_is_ended_and_replaced(gateway: Gateway) -> None:
    [pid] = pids(gateway)
    os.kill(pid, signal.SIGSTOP)
    assert gateway.predict(MOODY, body(foreign.WELL)).status == 504
    gateway.wait_until(lambda: not is_alive(pid))


def test_memory_beyond_the_bound_fails_the_request_alone(gateway: Gateway) -> None:
    before = pids(gateway)
    assert gateway.predict(MOODY, body(foreign.EATS)).status == 400
    assert pids(gateway) == before


def test_what_a_model_prints_goes_to_the_log_and_not_into_answers(gateway: Gateway) -> None:
    assert gateway.predict(MOODY, body(foreign.PRINTS)).json() == {"predictions": ["well"]}
    gateway.wait_until(lambda: "and writes\n" in gateway.log.read_text())


def test_it_counts_as_a_pyfunc_and_its_starts_are_counted(gateway: Gateway) -> None:
    labels = {"model": MOODY, "version": "1"}
    assert gateway.metric("penstock_model_loaded", scorer="pyfunc", **labels) >= 1
    assert gateway.metric("penstock_pyfunc_starts_total", **labels) >= 1


def test_a_version_that_ends_the_process_that_loads_it_is_refused_by_name(
    gateway: Gateway, mlflow_server: Any
) -> None:
    workers = gateway.workers()
    foreign.register_pyfunc(mlflow_server.uri, "ends-loading", foreign.EndsWhileItLoads())
    gateway.wait_until(lambda: "ended with status 7" in gateway.predict("ends-loading").body.decode())
    assert gateway.workers() == workers


def test_an_ending_version_has_no_process_any_more(gateway: Gateway, mlflow_server: Any) -> None:
    foreign.register_moody(mlflow_server.uri, "leaving")
    gateway.wait_until(lambda: answers(gateway, "leaving"))
    [pid] = pids(gateway, "leaving")
    foreign.register_moody(mlflow_server.uri, "leaving")  # version 2 takes its place
    gateway.wait_until(lambda: not is_alive(pid))


def test_a_reload_keeps_the_process_and_loses_no_request(gateway: Gateway) -> None:
    [pid] = pids(gateway)
    old = set(gateway.workers())
    gateway.process.send_signal(signal.SIGHUP)
    found = []
    while not old.isdisjoint(gateway.workers()) or len(found) < 100:
        found.append(gateway.predict(MOODY, body(foreign.WELL)).status)
    assert set(found) == {200}
    assert pids(gateway) == {pid}


def test_it_ends_with_a_gateway_that_is_killed(mlflow_server: Any, free_port: Any, tmp_path: Path) -> None:
    with run_gateway(mlflow_server.uri, tmp_path, free_port()) as gateway:
        gateway.wait_until(lambda: answers(gateway, MOODY))
        [pid] = pids(gateway)
        os.killpg(gateway.process.pid, signal.SIGKILL)
        gateway.process.wait()
        gateway.wait_until(lambda: not is_alive(pid))
