"""Rounds under a clock of the test's own, against a real MLflow server."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from monitoring.registry import Registry
from serving.prediction_log import layout
from tests.service.monitor_fixtures import (
    Watch,
    register,
    rows,
    versioned_reference,
    watch_of,
    write_log,
)

WINDOW_S = 600.0


@pytest.fixture(scope="module")
def model(mlflow_server, tmp_path_factory) -> Iterator[str]:
    mlflow.set_tracking_uri(mlflow_server.uri)
    client, name = MlflowClient(mlflow_server.uri), f"watched-{uuid.uuid4().hex[:8]}"
    client.create_registered_model(name)
    for number in ("1", "2"):
        register(client, name, tmp_path_factory.mktemp("files") / number, versioned_reference())
    yield name
    mlflow.set_tracking_uri("")


@pytest.fixture
def watch(model, mlflow_server, tmp_path, monkeypatch) -> Watch:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    return watch_of(model, mlflow_server.uri, tmp_path, monitor_window_s=WINDOW_S)


def test_new_rows_of_the_same_verdict_make_no_second_report(watch):
    watch.answer("1", 0.0)
    first = watch.check()["1"]
    watch.answer("1", 0.0, seed=2)
    second = watch.check()["1"]
    assert (first.rows, second.rows) == (100, 200)
    assert second.report == first.report
    assert watch.reports() == 1


def test_a_changed_verdict_makes_a_report(watch):
    watch.answer("1", 0.0)
    assert not watch.check()["1"].is_drifted
    watch.answer("1", 5.0, count=500)
    assert watch.check()["1"].is_drifted
    assert watch.reports() == 2


def test_a_window_later_there_is_a_report_again(watch):
    watch.answer("1", 0.0)
    watch.check()
    watch.clock_s[0] += WINDOW_S
    watch.answer("1", 0.0)
    watch.check()
    assert watch.reports() == 2


def test_a_version_that_answers_no_more_leaves(watch):
    watch.answer("1", 0.0)
    watch.answer("2", 0.0)
    assert set(watch.check()) == {"1", "2"}
    watch.clock_s[0] += WINDOW_S
    watch.answer("2", 0.0)
    assert set(watch.check()) == {"2"}


def test_a_stage_move_is_seen_without_new_rows(watch):
    watch.answer("1", 0.0)
    assert watch.check()["1"].stage == "None"
    watch.client.transition_model_version_stage(watch.model, "1", "Staging")
    assert watch.check()["1"].stage == "Staging"
    watch.client.transition_model_version_stage(watch.model, "1", "None")


def test_shadow_answers_do_not_count(watch):
    watch.answer("1", 0.0)
    log = watch.settings.prediction_log_dir
    write_log(log, watch.model, "2", rows(100, 1, 0.0), ts_s=watch.clock_s[0] - 0.5, is_shadow=True)
    assert set(watch.check()) == {"1"}


def test_each_version_gets_its_own_newest_rows_when_the_traffic_is_bounded(watch):
    watch = watch.with_settings(monitor_max_rows=100)
    watch.answer("2", 0.0, count=60)
    watch.answer("2", 0.0, count=10)
    watch.answer("1", 0.0, count=95)
    found = watch.check()
    assert {version: result.rows for version, result in found.items()} == {"1": 95, "2": 70}


def test_without_mlflow_the_kept_reference_is_used(watch, free_port):
    watch.answer("1", 0.0)
    watch.check()
    gone = f"http://127.0.0.1:{free_port()}"
    later = watch.restarted(Registry(MlflowClient(gone), gone))
    later.answer("1", 5.0, count=500)
    result = later.check()["1"]
    assert result.is_drifted
    assert (result.stage, result.report.run) == ("?", None)
    assert Path(result.report.path).exists()
    assert later.monitor.models() == [watch.model]


def test_a_broken_file_of_the_log_is_passed_over_counted_and_named(watch):
    watch.answer("1", 0.0)
    day = datetime.fromtimestamp(watch.clock_s[0], UTC).strftime("%Y-%m-%d")
    broken = layout.day_dir(watch.settings.prediction_log_dir, watch.model, day) / "00000-1.parquet"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no parquet")
    assert watch.check()["1"].rows == 100
    assert list(watch.monitor.broken()) == [str(broken)]
    assert watch.collectors.get_sample_value("penstock_log_broken_files") == 1


def test_a_reference_that_is_no_parquet_is_said(watch):
    watch.answer("1", 0.0)
    watch.check()
    kept = next(watch.settings.monitor_dir.glob("references/*/1/reference.parquet"))
    kept.write_bytes(b"no parquet")
    watch = watch.restarted(watch.registry())
    watch.answer("1", 0.0)
    result = watch.check()["1"]
    assert result.drift is None
    assert (
        f"reference.parquet of '{watch.model}' version 1 is no Parquet file that can be read" in result.note
    )
    assert watch.count("penstock_check_errors_total", reason="no_reference") == 1
    assert watch.check()["1"].drift is not None, "it is fetched again"


def test_a_report_that_cannot_be_kept_loses_no_measurement(watch):
    watch.settings.monitor_dir.mkdir(parents=True, exist_ok=True)
    (watch.settings.monitor_dir / "reports").write_text("no folder")
    watch.answer("1", shift=3.0)
    result = watch.check()["1"]
    assert (result.is_drifted, result.report) == (True, None)
    assert watch.count("penstock_check_errors_total", reason="report") == 1
    assert watch.monitor.failures == 1


def test_a_policy_that_is_edited_counts_from_the_next_round_on(watch):
    watch.client.delete_registered_model_tag(watch.model, "penstock.policy")
    watch.answer("1", 0.0)
    assert watch.check()["1"].business is None
    policy = {"business_metrics": {"answers": "mean(prediction)"}}
    watch.client.set_registered_model_tag(watch.model, "penstock.policy", json.dumps(policy))
    watch.answer("1", 0.0, count=5)
    found = watch.check()["1"].business
    assert found.metrics["answers"] == pytest.approx(0.5, abs=0.2)
    watch.client.delete_registered_model_tag(watch.model, "penstock.policy")


def test_a_policy_that_is_edited_counts_although_no_row_is_new(watch):
    watch.client.delete_registered_model_tag(watch.model, "penstock.policy")
    watch.answer("1", 0.0)
    watch.check()
    policy = {"business_metrics": {"answers": "count()"}}
    watch.client.set_registered_model_tag(watch.model, "penstock.policy", json.dumps(policy))
    assert watch.check()["1"].business.metrics == {"answers": 100.0}
    watch.client.delete_registered_model_tag(watch.model, "penstock.policy")


def test_outcomes_of_live_rows_are_measured_in_the_next_round(watch):
    ids = watch.answer("1", 0.0)
    assert watch.check()["1"].quality is None
    watch.tell(ids, 1)
    result = watch.check(later_s=1.0)["1"]
    assert result.quality.labelled == 100
    assert result.quality.metrics["accuracy"].value < 0.7


def test_quality_is_not_measured_anew_for_a_few_rows(watch):
    ids = watch.answer("1", 0.0)
    watch.tell(ids, 1)
    first = watch.check(later_s=1.0)["1"].quality
    watch.answer("1", 0.0, count=5)
    assert watch.check()["1"].quality is first
    watch.answer("1", 0.0, count=50)
    assert watch.check()["1"].quality is not first


def test_a_shift_on_the_stream_is_told_before_the_window_is_full_of_it(watch):
    watch.answer("1", 0.0, count=2000)
    assert watch.check()["1"].stream is None
    watch.answer("1", 1.5, count=120)
    result = watch.check()["1"]
    assert not result.is_drifted
    assert "age" in result.stream.columns


def test_masked_columns_are_left_out(watch):
    policy = {"log": {"mask": ["age"], "hash": ["plan"]}}
    watch.client.set_registered_model_tag(watch.model, "penstock.policy", json.dumps(policy))
    watch.answer("1", 3.0)
    assert {column.name for column in watch.check()["1"].drift.columns} == {"income", "prediction"}
    watch.client.delete_registered_model_tag(watch.model, "penstock.policy")


def test_a_report_that_is_asked_for_is_made_in_the_next_round(watch):
    watch.answer("1", 0.0)
    lane = watch.check()["1"].lane
    assert watch.monitor.ask_report(lane)
    assert watch.monitor.woken.is_set()
    watch.check(later_s=2.0)
    assert watch.reports() == 2
    assert not watch.monitor.ask_report(lane._replace(version="77"))
