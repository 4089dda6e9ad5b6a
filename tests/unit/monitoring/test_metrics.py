"""What Prometheus reads of the results."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest

from monitoring.drift import ColumnDrift, Drift
from monitoring.metrics import TOP_COLUMNS, MonitorMetrics, VersionGauges
from monitoring.result import Result

DAY = datetime(2030, 1, 1, tzinfo=UTC)


def result(version: str, drift: Drift | None, *, is_drifted: bool = False) -> Result:
    return Result(
        "churn",
        version,
        ("champion",),
        "Production",
        70,
        DAY,
        DAY,
        "id",
        drift,
        is_drifted=is_drifted,
        note="",
        report=None,
    )


def scraped(results: list[Result]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(VersionGauges(lambda: results))
    return registry


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, {"model": "churn", **labels})


def test_a_compared_version_has_its_gauges():
    drift = Drift((ColumnDrift("income", 2.0, 0.1), ColumnDrift("age", 0.0, 0.1)), (), ())
    registry = scraped([result("1", drift, is_drifted=True)])
    assert value(registry, "penstock_drift_share", version="1") == 0.5
    assert value(registry, "penstock_drift_detected", version="1") == 1.0
    assert value(registry, "penstock_column_drift", version="1", column="income") == 2.0
    assert value(registry, "penstock_window_rows", version="1") == 70.0


def test_a_version_with_too_few_rows_has_no_drift_gauge():
    registry = scraped([result("1", None)])
    assert value(registry, "penstock_window_rows", version="1") == 70.0
    assert value(registry, "penstock_drift_share", version="1") is None


def test_a_version_that_leaves_takes_its_series_with_it():
    results = [result("1", None)]
    registry = scraped(results)
    results.clear()
    assert value(registry, "penstock_window_rows", version="1") is None


def test_columns_are_bounded():
    drift = Drift(tuple(ColumnDrift(f"c{i}", 1.0, 0.1) for i in range(100)), (), ())
    assert generate_latest(scraped([result("1", drift)])).count(b"penstock_column_drift{") == TOP_COLUMNS


def test_a_round_that_never_ended_has_the_timestamp_zero():
    registry = CollectorRegistry()
    MonitorMetrics(registry)
    assert registry.get_sample_value("penstock_last_check_timestamp_seconds") == 0.0
