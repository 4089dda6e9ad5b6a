"""What Prometheus reads of the monitor."""

import logging
import os
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.drift.verdict import ColumnDrift, Drift
from monitoring.lane import Lane
from monitoring.metrics import (
    MOST_LANES,
    MOST_METRICS,
    TOP_COLUMNS,
    LaneGauges,
    MonitorMetrics,
    figures,
    process_figures,
)
from monitoring.quality.figures import Business, Estimate, Figure, Quality
from monitoring.result import Result
from monitoring.windows.traffic import Traffic

DAY = datetime(2030, 1, 1, tzinfo=UTC)
NOW_S = DAY.timestamp()


def result(version: str = "1", **found: Any) -> Result:
    return Result(
        Lane("churn", version, "champion"),
        "Production",
        70,
        DAY,
        DAY,
        "id",
        Traffic(70, 0.5, 1.0, 2.0),
        **found,
    )


def scraped(results: list[Result]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(LaneGauges(lambda: results, now=lambda: NOW_S))
    return registry


def value(registry: CollectorRegistry, name: str, version: str = "1", **labels: str) -> float | None:
    lane = {"model": "churn", "version": version, "variant": "champion"}
    return registry.get_sample_value(name, lane | labels)


def test_a_compared_lane_has_its_gauges():
    income = ColumnDrift("income", 2.0, 0.1, missing_share=0.25, unseen_share=0.125, out_of_range_share=0.5)
    drift = Drift((income, ColumnDrift("age", 0.0, 0.1)))
    registry = scraped([result(drift=drift, is_drifted=True)])
    assert value(registry, "penstock_window_rows") == 70.0
    assert value(registry, "penstock_drift_share") == 0.5
    assert value(registry, "penstock_drift_detected") == 1.0
    assert value(registry, "penstock_column_drift", column="income") == 2.0
    assert value(registry, "penstock_column_missing_share", column="income") == 0.25
    assert value(registry, "penstock_column_unseen_share", column="income") == 0.125
    assert value(registry, "penstock_column_out_of_range_share", column="income") == 0.5


@pytest.mark.parametrize("name", ["", 'a "quoted"\nname', "é", "model"])
def test_a_column_may_have_any_name(name):
    registry = scraped([result(drift=Drift((ColumnDrift(name, 2.0, 0.1),)))])
    text = generate_latest(registry).decode()
    (family,) = [f for f in text_string_to_metric_families(text) if f.name == "penstock_column_drift"]
    assert [sample.labels["column"] for sample in family.samples] == [name]


def test_the_predictions_have_a_gauge_of_their_own():
    drift = Drift((ColumnDrift("age", 0.0, 0.1), ColumnDrift("prediction", 0.75, 0.1)))
    assert value(scraped([result(drift=drift)]), "penstock_prediction_drift") == 0.75


def test_a_quality_has_its_value_its_interval_and_its_verdict():
    quality = Quality("binary", {"roc_auc": Figure(0.75, 0.5, 1.0)}, rows=70, labelled=60, used=60)
    registry = scraped([result(quality=quality, is_bad=True)])
    assert value(registry, "penstock_labelled_rows") == 60.0
    assert value(registry, "penstock_quality", metric="roc_auc") == 0.75
    assert value(registry, "penstock_quality_low", metric="roc_auc") == 0.5
    assert value(registry, "penstock_quality_high", metric="roc_auc") == 1.0
    assert value(registry, "penstock_quality_detected") == 1.0


def test_an_interval_that_is_unknown_has_no_gauge():
    quality = Quality("binary", {"accuracy": Figure(0.75)}, rows=70, labelled=2, used=2)
    registry = scraped([result(quality=quality)])
    assert value(registry, "penstock_quality", metric="accuracy") == 0.75
    assert value(registry, "penstock_quality_low", metric="accuracy") is None


def test_an_estimate_has_its_value_its_error_and_its_verdict():
    estimate = Estimate({"accuracy": Figure(0.5)}, 70, "calibrated", error={"accuracy": -0.25}, error_rows=9)
    registry = scraped([result(estimate=estimate, is_estimate_bad=True)])
    assert value(registry, "penstock_quality_estimate", metric="accuracy") == 0.5
    assert value(registry, "penstock_quality_estimate_error", metric="accuracy") == -0.25
    assert value(registry, "penstock_quality_estimate_detected") == 1.0


def test_business_metrics_are_told_and_bounded():
    business = Business({f"m{i:02}": float(i) for i in range(MOST_METRICS + 5)}, {})
    registry = scraped([result(business=business)])
    assert value(registry, "penstock_business", metric="m03") == 3.0
    assert generate_latest(registry).count(b"penstock_business{") == MOST_METRICS


@pytest.mark.parametrize(("stream", "told"), [(None, 0.0), (object(), 1.0)])
def test_the_detector_on_the_stream_is_one_while_it_alarms(stream, told):
    assert value(scraped([result(stream=stream)]), "penstock_stream_drift") == told


def test_a_number_that_is_none_is_left_out():
    business = Business({"share": float("nan"), "sum": float("inf"), "count": 1.0}, {})
    named = [figure.of for figure in figures(result(business=business)) if figure.of]
    assert named == ["count"]


def test_a_lane_with_too_few_rows_has_no_gauges_of_drift_and_quality():
    names = {figure.name for figure in figures(result())}
    assert names == {"penstock_window_rows", "penstock_stream_drift"}


def test_a_lane_that_leaves_takes_its_series_with_it():
    results = [result()]
    registry = scraped(results)
    results.clear()
    assert value(registry, "penstock_window_rows") is None


def test_columns_are_bounded():
    drift = Drift(tuple(ColumnDrift(f"c{i}", 1.0, 0.1) for i in range(100)))
    assert generate_latest(scraped([result(drift=drift)])).count(b"penstock_column_drift{") == TOP_COLUMNS


def test_lanes_are_bounded_and_the_rest_is_said_once(caplog: pytest.LogCaptureFixture):
    registry = CollectorRegistry()
    with caplog.at_level(logging.WARNING):
        registry.register(LaneGauges(lambda: [result(str(i)) for i in range(MOST_LANES + 3)]))
        text = generate_latest(registry)
        generate_latest(registry)
    assert text.count(b"penstock_window_rows{") == MOST_LANES
    assert registry.get_sample_value("penstock_lanes_untold") == 3.0
    assert caplog.messages == [f"3 lanes are more than {MOST_LANES} and have no gauges"]


def test_the_age_of_a_version_is_told_once_for_all_its_variants():
    champion = result(made_s=NOW_S - 86_400)
    shared = Result(Lane("churn", "1", "b"), "Production", 1, DAY, DAY, "id", champion.traffic, made_s=NOW_S)
    registry = scraped([champion, shared])
    text = generate_latest(registry).decode()
    assert len(re.findall(r"^penstock_model_age_seconds{", text, re.MULTILINE)) == 1


def test_an_unknown_age_is_not_told():
    assert b"penstock_model_age_seconds{" not in generate_latest(scraped([result()]))


def counted(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_a_round_that_never_ended_has_the_timestamp_zero():
    registry = CollectorRegistry()
    MonitorMetrics(registry)
    assert counted(registry, "penstock_last_check_timestamp_seconds") == 0.0


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("penstock_check_errors_total", {"reason": "no_reference"}),
        ("penstock_retrainings_total", {"outcome": "failed"}),
        ("penstock_last_retraining_timestamp_seconds", {"outcome": "failed"}),
        ("penstock_decisions_total", {"decision": "retrain"}),
        ("penstock_batch_runs_total", {"outcome": "failed"}),
        ("penstock_closed_windows_total", {}),
        ("penstock_retraining_running", {}),
    ],
)
def test_a_watched_model_has_its_series_at_zero_and_takes_them_along(name, labels):
    registry = CollectorRegistry()
    metrics = MonitorMetrics(registry)
    metrics.watch(["churn", "other"])
    assert counted(registry, name, model="churn", **labels) == 0.0
    metrics.watch(["other"])
    assert counted(registry, name, model="churn", **labels) is None
    assert counted(registry, name, model="other", **labels) == 0.0


def test_watching_again_keeps_what_was_counted():
    registry = CollectorRegistry()
    metrics = MonitorMetrics(registry)
    metrics.watch(["churn"])
    metrics.retrainings.labels("churn", "failed").inc()
    metrics.watch(["churn", "new"])
    assert counted(registry, "penstock_retrainings_total", model="churn", outcome="failed") == 1.0


def test_the_monitor_tells_what_it_takes_of_the_machine():
    registry = CollectorRegistry()
    registry.register(process_figures())
    own = {"part": "monitor", "pid": str(os.getpid())}
    assert (registry.get_sample_value("penstock_process_resident_bytes", own) or 0) > 1_000_000
