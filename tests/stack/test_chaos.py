"""A minute of chaos, and what must hold after it: good models never failed, all is at rest, the log is whole.

CHAOS_SEED and CHAOS_SECONDS choose another script and a longer one.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from serving.prediction_log.read import read
from tests.service.foreign_models import WELL, body
from tests.service.gateway_fixtures import Gateway, run_gateway
from tests.stack import chaos_actors as actors
from tests.stack.chaos_actors import BAD, GOOD, MOVED, Fate, Ledger, Registry, Scene

pytestmark = pytest.mark.slow

SEED, SECONDS = int(os.environ.get("CHAOS_SEED", "1")), float(os.environ.get("CHAOS_SECONDS", "60"))
ROUNDS = 2
SETTINGS = {
    "gateway_workers": 2,
    "gateway_time_limit_s": actors.TIME_LIMIT_S,
    "gateway_drain_s": actors.TIME_LIMIT_S + 1,
    "gateway_max_body_bytes": 2**20,
    "log_segment_s": 3,
}
REST_S = 90.0
"""The longest wait for a model that has crashed so often that it is started ever more seldom."""


@pytest.fixture(scope="module")
def scene(free_port: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The gateway after the chaos; everybody has left."""
    folder = tmp_path_factory.mktemp("chaos")
    registry = Registry(folder, free_port())
    registry.start()
    try:
        actors.register_models(registry.uri)
        with run_gateway(registry.uri, folder / "var", free_port(), **SETTINGS) as gateway:
            made = Scene(gateway, registry, Ledger(SEED))
            for name in (*GOOD, *BAD):
                gateway.wait_for_all(lambda name=name: gateway.predict(name, body(WELL)).status == 200)
            _storm(made)
            yield made
    finally:
        registry.stop()


def _storm(scene: Scene) -> None:
    cast, fate = actors.cast(scene), Fate(scene)
    for actor in cast:
        actor.start()
    try:
        fate.run(SECONDS, ROUNDS)
    finally:
        scene.curtain.set()
        for actor in cast:
            actor.join()
    fate.end()


@pytest.fixture(autouse=True)
def mix(scene: Scene) -> None:
    """What pytest shows of a test that fails."""
    print(scene.ledger.report())


@pytest.fixture(scope="module")
def logged(scene: Scene) -> pa.Table:
    names = (*GOOD, *BAD)
    kept = ["prediction_id", "request_id"]
    return pa.concat_tables(
        [read(scene.gateway.var_dir / "predictions", model=name).select(kept) for name in names]
    )


def repeated(values: pa.ChunkedArray) -> list[str]:
    return [value for value, count in Counter(values.to_pylist()).items() if count > 1]


def test_good_models_failed_no_request_and_bad_requests_got_no_5xx(scene: Scene) -> None:
    assert scene.ledger.faults == []


def test_everybody_had_a_part(scene: Scene) -> None:
    callers = {actor.name for actor in actors.cast(scene)} - {"leaving"}
    silent = {name for name in callers if not any(what.startswith(name) for what in scene.ledger.mix)}
    assert silent == set()
    assert sum(count for what, count in scene.ledger.mix.items() if what.startswith("left after")) > 100
    assert len(scene.ledger.answered) > 1_000
    assert len(scene.ledger.kills_s) >= 4 * ROUNDS  # each stands there twice


def test_every_gauge_is_back_to_rest(scene: Scene) -> None:
    for name in ("penstock_requests_in_flight", "penstock_late_calls", "penstock_cold_requests_waiting"):
        scene.gateway.wait_until(lambda name=name: scene.gateway.metric(name) == 0)


def test_no_connection_is_left(scene: Scene) -> None:
    scene.gateway.wait_until(lambda: actors.connections(scene.gateway) == 0)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_model_answers(scene: Scene, name: str) -> None:
    scene.gateway.wait_until(lambda: scene.gateway.predict(name, body(WELL)).status == 200, REST_S)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_model_answers_again(scene: Scene, name: str) -> None:
    scene.gateway.wait_until(lambda: scene.gateway.predict(name, body(WELL)).status == 200, REST_S)


def test_both_workers_follow_the_registrys_last_word(scene: Scene) -> None:
    scene.gateway.wait_for_all(lambda: scene.gateway.predict(MOVED).headers.get("x-penstock-version") == "1")
    scene.gateway.wait_until(lambda: scene.gateway.ready()["problems"] == [])


def test_every_answered_prediction_is_on_the_log(scene: Scene, logged: pa.Table) -> None:
    wanted = {
        row
        for name, count in scene.ledger.answered.items()
        for row in ([name] if count == 1 else [f"{name}-{number}" for number in range(count)])
    }
    assert wanted - set(logged["prediction_id"].to_pylist()) == set()


def test_no_prediction_is_on_the_log_twice(logged: pa.Table) -> None:
    assert repeated(logged["prediction_id"]) == []


def test_no_request_was_answered_twice(logged: pa.Table) -> None:
    predictions = {
        (request, prediction[:36])
        for prediction, request in zip(*(column.to_pylist() for column in logged.columns), strict=True)
    }
    requests = Counter(request for request, _ in predictions if request and len(request) == 36)
    assert [request for request, count in requests.items() if count > 1] == []


def test_feedback_that_was_taken_is_joined_with_its_prediction(scene: Scene) -> None:
    folder, found = scene.gateway.var_dir / "predictions", {}
    for name in (*GOOD, *BAD):
        table = read(folder, model=name, outcomes=True)
        found |= dict(zip(table["prediction_id"].to_pylist(), table["label"].to_pylist(), strict=True))
    assert scene.ledger.labels.items() <= found.items()


def test_one_process_is_left_for_each_version_of_own_code(scene: Scene) -> None:
    scene.gateway.wait_until(lambda: len(actors.hosts(scene.gateway)) == 1 + len(BAD), REST_S)


def test_nothing_is_left_when_the_gateway_ends(scene: Scene) -> None:
    gateway = scene.gateway
    gateway.process.terminate()
    gateway.process.wait(120)
    deadline = time.monotonic() + 90
    while (left := _left(gateway)) != ([], []) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == ([], [])


def _left(gateway: Gateway) -> tuple[list[int], list[str]]:
    """Its processes, and the Unix sockets below its folder."""
    sockets = [
        line for line in Path("/proc/net/unix").read_text().splitlines() if str(gateway.var_dir) in line
    ]
    return actors.processes(gateway), sockets
