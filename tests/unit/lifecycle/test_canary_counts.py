"""The gateway's counts: read from its metrics, and their differences and quantiles."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from serving.lifecycle.canary.counts import Counts, LaneName, read_counts
from serving.meters import Meter
from serving.metrics import declare

LANE, OTHER = LaneName("m", "2", "challenger"), LaneName("m", "1", "champion")
INF = float("inf")


def text(*answers: tuple[int, float]) -> str:
    """What the gateway's own metrics tell after these answers of `LANE`: code and seconds."""
    registry = CollectorRegistry()
    metrics = declare(registry)
    meter = Meter(metrics, *LANE)
    for code, seconds in answers:
        meter.answered(code, 1, seconds)
    meter.flush()
    return generate_latest(registry).decode()


def test_requests_failures_and_refusals_are_read_from_the_gateways_metrics() -> None:
    found = read_counts(text((200, 0.001), (200, 0.3), (500, 0.1), (504, 0.1), (400, 0.001)), [LANE, OTHER])
    assert (found[LANE].requests, found[LANE].failed, found[LANE].refused) == (5, 2, 1)
    assert found[OTHER] == Counts()


def test_latencies_are_read() -> None:
    found = read_counts(text(*[(200, 0.0004)] * 90, *[(200, 0.04)] * 10), [LANE])[LANE]
    assert found.quantile(0.5) == pytest.approx(0.0005 * 50 / 90)
    assert found.quantile(0.95) == pytest.approx(0.025 + 0.025 * 0.5)


def test_without_requests_there_is_no_quantile() -> None:
    assert Counts().quantile(0.99) is None


def test_beyond_the_last_bound_the_quantile_is_that_bound() -> None:
    assert Counts(10, 0, 0, {1.0: 2, INF: 10}).quantile(0.99) == 1.0


def test_what_was_counted_before_is_taken_off() -> None:
    before, now = Counts(10, 1, 2, {1.0: 8, INF: 10}), Counts(30, 3, 2, {1.0: 20, INF: 30})
    assert now.since(before) == Counts(20, 2, 0, {1.0: 12, INF: 20})


def test_a_gateway_that_was_started_anew_counts_from_zero() -> None:
    before, now = Counts(1000, 1, 2, {INF: 1000}), Counts(30, 3, 2, {INF: 30})
    assert now.since(before) == now


def test_gateways_are_summed() -> None:
    assert Counts(1, 1, 0, {INF: 1}).plus(Counts(2, 0, 1, {0.5: 1, INF: 2})) == Counts(
        3, 1, 1, {0.5: 1, INF: 3}
    )
