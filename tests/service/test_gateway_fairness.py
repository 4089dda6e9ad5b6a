"""A slow model called at three times what it can answer takes nothing from a fast one beside it.

Asserted is what each has beside the other: a machine that stands still for a second, or is slow, delays and
refuses of both. The benchmark of the same name tells times and tails.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.benchmarks.fairness import FAST, LIMIT_S, SLOW, SLOW_S, THREADS, Seen, measure, until_loaded
from tests.service.gateway_fixtures import run_gateway
from tests.service.gateway_models import register, register_slow

SECONDS = 4.0


@pytest.fixture(scope="module")
def seen(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[tuple[Seen, Seen]]:
    version = register(mlflow_server.uri, FAST, label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage(FAST, version, "Production")
    register_slow(mlflow_server.uri, SLOW, seconds=SLOW_S)
    settings = {"gateway_threads": THREADS, "gateway_time_limit_s": LIMIT_S}
    folder = tmp_path_factory.mktemp("fairness")
    with run_gateway(mlflow_server.uri, folder, free_port(), **settings) as gateway:
        address = f"http://127.0.0.1:{gateway.port}"
        until_loaded(address)
        yield asyncio.run(measure(address, SECONDS, with_slow=True))


def answered(seen: Seen) -> float:
    return seen.counts[200] / seen.counts.total()


def test_the_fast_model_answers_more_of_its_calls_and_sooner(seen: tuple[Seen, Seen]) -> None:
    fast, slow = seen
    assert set(fast.counts) <= {200, 429}
    assert answered(fast) > 1.5 * answered(slow)
    assert fast.quantile(200, 0.5) < slow.quantile(200, 0.5) / 2


def test_what_is_accepted_of_the_slow_model_is_in_time(seen: tuple[Seen, Seen]) -> None:
    _, slow = seen
    assert {200, 429} <= set(slow.counts) <= {200, 429, 504}
    assert slow.counts[504] < slow.counts[200] / 10  # the machine's, where it stands still
    assert slow.quantile(200, 0.5) < LIMIT_S * 1e3


def test_what_is_not_accepted_is_told_at_once(seen: tuple[Seen, Seen]) -> None:
    _, slow = seen
    assert slow.quantile(429, 0.5) < slow.quantile(200, 0.5) / 2


def test_the_slow_model_is_kept_busy(seen: tuple[Seen, Seen]) -> None:
    _, slow = seen
    assert slow.counts[200] > 0.6 * SECONDS * THREADS / SLOW_S
