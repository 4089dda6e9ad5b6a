"""A gateway whose models do not fit into its memory at once: two workers, twelve models, a small bound."""

import http.client
import itertools
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.service.gateway_fixtures import BODY, JSON, Gateway, read_answer, run_gateway
from tests.service.gateway_models import register

MODELS = [f"many-{number:02d}" for number in range(12)]
MODEL_BYTES = 1_100_000
"""About three of the models: each is counted as 0.3 MB and its files."""
MOST_TIMES = 30
"""That a caller comes again, for one answer."""


@pytest.fixture(scope="module")
def gateway(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    client = MlflowClient(mlflow_server.uri)
    for number, name in enumerate(MODELS):
        register(mlflow_server.uri, name, label=f"yes-{number}")
        client.transition_model_version_stage(name, "1", "Production")
    settings = {"gateway_model_bytes": MODEL_BYTES, "gateway_workers": 2, "gateway_cold_ms": 1000}
    with run_gateway(mlflow_server.uri, tmp_path_factory.mktemp("many"), free_port(), **settings) as running:
        running.wait_for_all(lambda: answering(running) == len(MODELS))
        yield running


def answering(gateway: Gateway) -> int:
    """How many of the models have a version that is on disk; the registry may hold others' too."""
    entries = [entry for entry in gateway.call("GET", "/models").json()["models"] if entry["name"] in MODELS]
    return sum(variant["version"] is not None for entry in entries for variant in entry["variants"])


@dataclass
class Traffic:
    """Callers that ask all models by chance, and come again when they are told to."""

    gateway: Gateway
    answered: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def run(self, seed: int, requests: int) -> None:
        rng, port = random.Random(seed), self.gateway.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=180)
        for _ in range(requests):
            self.ask(connection, min(int(rng.expovariate(0.3)), len(MODELS) - 1))
        connection.close()

    def ask(self, connection: http.client.HTTPConnection, number: int) -> None:
        """Ask until there is an answer, as late as the refusals say; how many there are is the machine's."""
        for _ in range(MOST_TIMES):
            connection.request("POST", f"/models/{MODELS[number]}/invocations", BODY, JSON)
            answer = read_answer(connection)
            if answer.status == 200 and answer.json() == {"predictions": [f"yes-{number}"]}:
                self.answered.append(MODELS[number])
                return
            retry_s = int(answer.headers.get("retry-after", "0"))
            if answer.status not in (429, 503) or not 1 <= retry_s <= 5:
                break
            time.sleep(retry_s)
        self.faults.append(f"{answer.status} {answer.body[:200]!r}")


def held(gateway: Gateway) -> dict[str, Any]:
    memory: dict[str, Any] = gateway.ready()["memory"]
    return memory


def test_under_load_no_request_fails_but_those_that_are_told_to_come_again(gateway: Gateway) -> None:
    traffic = Traffic(gateway)
    threads = [threading.Thread(target=traffic.run, args=(seed, 150)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert traffic.faults == []
    assert len(traffic.answered) == 6 * 150
    assert set(traffic.answered) == set(MODELS)


def test_the_bound_is_kept(gateway: Gateway) -> None:
    for _ in range(8):
        memory = held(gateway)
        assert memory["held_bytes"] <= MODEL_BYTES
        assert 1 <= len(memory["loaded"]) < len(MODELS)


def test_versions_that_left_are_counted_and_none_failed(gateway: Gateway) -> None:
    for name in itertools.chain(MODELS, MODELS):
        gateway.wait_until(lambda name=name: gateway.predict(name).status == 200)
    gateway.wait_until(lambda: gateway.metric("penstock_model_evictions_total") > 0)
    assert gateway.metric("penstock_model_loads_total", outcome="failed") == 0
    assert gateway.metric("penstock_cold_requests_total", outcome="answered") > 0


def test_the_models_page_says_who_is_loaded(gateway: Gateway) -> None:
    gateway.predict(MODELS[0])
    entries = gateway.call("GET", "/models").json()["models"]
    loaded = [entry["name"] for entry in entries for variant in entry["variants"] if variant["loaded"]]
    assert 1 <= len(loaded) < len(MODELS)


def test_a_model_that_was_never_loaded_has_a_schema(gateway: Gateway) -> None:
    for name in MODELS:
        schema = gateway.call("GET", f"/models/{name}").json()["schema"]
        assert [column["name"] for column in schema] == ["length", "width"]


def test_a_warm_models_new_version_takes_over_without_a_cold_request(
    gateway: Gateway, mlflow_server: Any
) -> None:
    name, client = MODELS[0], MlflowClient(mlflow_server.uri)

    def is_warm() -> bool:
        return f"{name}/1" in held(gateway)["loaded"]

    register(mlflow_server.uri, name, label="new")
    gateway.wait_for_all(lambda: gateway.predict(name).status == 200 and is_warm())
    late = gateway.metric("penstock_cold_requests_total")
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    gateway.wait_for_all(lambda: gateway.predict(name).json() == {"predictions": ["new"]})
    assert gateway.metric("penstock_cold_requests_total") == late


def test_a_gateway_that_starts_again_loads_first_what_was_used_last(
    gateway: Gateway, mlflow_server: Any, free_port: Any
) -> None:
    last = MODELS[7]
    recent = gateway.var_dir / "gateway" / "recent.json"
    gateway.wait_until(lambda: gateway.predict(last).status == 200 and last in recent.read_text())
    gateway.process.terminate()
    gateway.process.wait(120)
    with run_gateway(
        mlflow_server.uri, gateway.var_dir, free_port(), gateway_model_bytes=MODEL_BYTES
    ) as again:
        assert f"{last}/1" in held(again)["loaded"]
