"""Closed windows under a clock of the test's own, against a real MLflow server, log and database."""

import uuid
from collections.abc import Iterator

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from monitoring.lane import Lane, Span
from monitoring.lane_check import Drawing
from serving.prediction_log.record import new_prediction_id
from serving.prediction_log.seal import seal, seal_outcomes
from tests.service.monitor_fixtures import (
    Watch,
    register,
    rows,
    versioned_reference,
    watch_of,
    write_log,
)

WINDOW_S = 600.0
MIDNIGHT_S = 1_785_542_400.0
"""2026-08-01, UTC."""


@pytest.fixture(scope="module")
def model(mlflow_server, tmp_path_factory) -> Iterator[str]:
    mlflow.set_tracking_uri(mlflow_server.uri)
    client, name = MlflowClient(mlflow_server.uri), f"closed-{uuid.uuid4().hex[:8]}"
    client.create_registered_model(name)
    for number in ("1", "2"):
        register(client, name, tmp_path_factory.mktemp("files") / number, versioned_reference())
    register(client, name, tmp_path_factory.mktemp("files") / "3", None)
    yield name
    mlflow.set_tracking_uri("")


@pytest.fixture
def watch(model, mlflow_server, tmp_path, monkeypatch) -> Watch:
    """A clock at midnight, and windows of ten minutes."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    return watch_of(
        model, mlflow_server.uri, tmp_path, now_s=MIDNIGHT_S, monitor_window_s=WINDOW_S, monitor_min_rows=50
    )


def close(watch: Watch, at_s: float) -> None:
    """A round at a moment, without reports."""
    watch.clock_s[0] = at_s
    watch.monitor.models()
    watch.monitor.round([watch.model], drawing=Drawing.NONE)


def spans(watch: Watch) -> list[tuple[float, float, int]]:
    found = [
        (entry.span.since_s - MIDNIGHT_S, entry.span.until_s - MIDNIGHT_S, entry.rows)
        for entry in watch.entries()
    ]
    return sorted(found)


def test_a_window_is_judged_when_it_has_closed(watch):
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S + 10)
    close(watch, MIDNIGHT_S + WINDOW_S - 1)
    assert spans(watch) == []
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    assert spans(watch) == [(0.0, 600.0, 100)]
    assert watch.count("penstock_closed_windows_total") == 1


def test_rows_on_both_sides_of_midnight_are_in_windows_of_their_own(watch):
    watch.answer("1", 0.0, count=60, ts_s=MIDNIGHT_S - 0.001)
    watch.answer("1", 0.0, count=70, ts_s=MIDNIGHT_S)
    seal(watch.settings.prediction_log_dir)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    assert spans(watch) == [(-600.0, 0.0, 60), (0.0, 600.0, 70)]


def test_a_window_holds_the_verdict_on_its_drift(watch):
    watch.answer("1", 3.0, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    entry = watch.entries()[0]
    assert (entry.lane, entry.is_drifted, entry.drift_share) == (
        Lane(watch.model, "1", "champion"),
        True,
        1.0,
    )
    assert entry.columns["age"] > 10
    assert entry.p99_ms == pytest.approx(0.9, rel=0.02)
    assert entry.per_second == pytest.approx(100 / 600)


def test_each_variant_is_a_lane_of_its_own(watch):
    log = watch.settings.prediction_log_dir
    write_log(log, watch.model, "1", rows(60, 1, 0.0), ts_s=MIDNIGHT_S)
    write_log(log, watch.model, "1", rows(70, 1, 3.0), ts_s=MIDNIGHT_S, variant="challenger")
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    found = {entry.lane.variant: (entry.rows, entry.is_drifted) for entry in watch.entries()}
    assert found == {"champion": (60, False), "challenger": (70, True)}


def test_shadows_are_not_in_closed_windows(watch):
    log = watch.settings.prediction_log_dir
    write_log(log, watch.model, "1", rows(60, 1, 0.0), ts_s=MIDNIGHT_S, is_shadow=True)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    assert spans(watch) == []


def test_another_round_judges_nothing_twice(watch):
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    judged_s = watch.entries()[0].judged_s
    close(watch, MIDNIGHT_S + WINDOW_S + 70)
    assert [entry.judged_s for entry in watch.entries()] == [judged_s]


def test_what_closed_while_no_monitor_ran_is_judged_at_the_next_start(watch):
    for number in range(3):
        watch.answer("1", 0.0, ts_s=MIDNIGHT_S + number * WINDOW_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    later = watch.restarted(watch.registry())
    close(later, MIDNIGHT_S + 3 * WINDOW_S + 10)
    assert spans(watch) == [(0.0, 600.0, 100), (600.0, 1200.0, 100), (1200.0, 1800.0, 100)]


def test_only_so_many_windows_are_made_good(watch):
    watch = watch.with_settings(monitor_backfill_windows=2)
    for number in range(5):
        watch.answer("1", 0.0, ts_s=MIDNIGHT_S + number * WINDOW_S)
    close(watch, MIDNIGHT_S + 5 * WINDOW_S + 10)
    assert [since_s for since_s, _, _ in spans(watch)] == [1800.0, 2400.0]


def test_outcomes_that_come_late_are_judged_anew(watch):
    ids = watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    assert watch.entries()[0].labelled == 0
    watch.tell(ids[:80], 1, received_s=MIDNIGHT_S + 5 * WINDOW_S)
    close(watch, MIDNIGHT_S + 5 * WINDOW_S + 10)
    entry = watch.entries()[0]
    assert (entry.labelled, "accuracy" in entry.quality) == (80, True)


def test_a_window_of_which_rows_were_drawn_says_so(watch, monkeypatch):
    monkeypatch.setattr("monitoring.windows.closed.SAMPLED", 60)
    watch.tell(watch.answer("1", 0.0, ts_s=MIDNIGHT_S), 1)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    entry = watch.entries()[0]
    assert (entry.rows, entry.labelled) == (100, 60)
    assert "outcomes were looked up for 60 of 100 predictions, drawn at random" in entry.note


def test_late_outcomes_are_not_lost_by_a_restart(watch):
    ids = watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    watch.tell(ids, 1, received_s=MIDNIGHT_S + 2 * WINDOW_S)
    seal_outcomes(watch.settings.prediction_log_dir)
    close(watch.restarted(watch.registry()), MIDNIGHT_S + 5 * WINDOW_S)
    assert watch.entries()[0].labelled == 100


def test_outcomes_of_unknown_predictions_change_nothing(watch):
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    judged_s = watch.entries()[0].judged_s
    stranger = new_prediction_id(lambda: MIDNIGHT_S)
    watch.tell([stranger, "no id"], 1, received_s=MIDNIGHT_S + 2 * WINDOW_S)
    close(watch, MIDNIGHT_S + 2 * WINDOW_S + 10)
    assert watch.entries()[0].judged_s == judged_s


def test_an_outcome_that_changes_is_judged_anew(watch):
    ids = watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    watch.tell(ids, 1, received_s=MIDNIGHT_S + 10)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    before = watch.entries()[0].quality["accuracy"]
    watch.tell(ids, 0, received_s=MIDNIGHT_S + 2 * WINDOW_S)
    close(watch, MIDNIGHT_S + 2 * WINDOW_S + 10)
    assert watch.entries()[0].quality["accuracy"] == pytest.approx(1 - before)


def test_outcomes_after_their_days_change_nothing(watch):
    watch = watch.with_settings(monitor_outcome_days=1.0)
    ids = watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    watch.tell(ids, 1, received_s=MIDNIGHT_S + 2 * 86_400)
    close(watch, MIDNIGHT_S + 2 * 86_400 + 10)
    assert watch.entries()[0].labelled == 0


def test_the_live_result_tells_the_quality_of_the_newest_closed_window(watch):
    ids = watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    watch.tell(ids, 1, received_s=MIDNIGHT_S + WINDOW_S + 20)
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S + 1.5 * WINDOW_S)
    close(watch, MIDNIGHT_S + 1.5 * WINDOW_S + 10)
    close(watch, MIDNIGHT_S + 1.5 * WINDOW_S + 15)
    assert watch.monitor.results()[0].quality.labelled == 100
    again = watch.restarted(watch.registry())
    close(again, MIDNIGHT_S + 1.5 * WINDOW_S + 20)
    assert again.monitor.results()[0].quality.labelled == 100


def test_windows_by_count_close_with_their_last_row(watch):
    watch = watch.with_settings(monitor_window_rows=100)
    for number in range(5):
        watch.answer("1", 0.0, count=50, ts_s=MIDNIGHT_S + 100 * number)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    close(watch, MIDNIGHT_S + WINDOW_S + 20)
    assert [(since_s, rows) for since_s, _, rows in spans(watch)] == [(0.0, 100), (200.0, 100)]
    watch.answer("1", 0.0, count=50, ts_s=MIDNIGHT_S + 700)
    close(watch, MIDNIGHT_S + 800)
    assert [(since_s, rows) for since_s, _, rows in spans(watch)] == [(0.0, 100), (200.0, 100), (400.0, 100)]


def test_a_clock_that_is_set_back_lets_its_windows_close_anew(watch):
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S + 5 * WINDOW_S)
    close(watch, MIDNIGHT_S + 6 * WINDOW_S + 10)
    watch.answer("1", 0.0, count=60, ts_s=MIDNIGHT_S + 2 * WINDOW_S)
    close(watch, MIDNIGHT_S + 2 * WINDOW_S + 1)
    close(watch, MIDNIGHT_S + 3 * WINDOW_S + 10)
    assert spans(watch) == [(1200.0, 1800.0, 60), (3000.0, 3600.0, 100)]


def test_records_of_the_future_are_judged_when_their_window_closes(watch):
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S + 10 * WINDOW_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    assert spans(watch) == []
    close(watch, MIDNIGHT_S + 11 * WINDOW_S + 10)
    assert spans(watch) == [(6000.0, 6600.0, 100)]


def test_a_version_without_a_reference_still_has_its_traffic(watch):
    watch.answer("3", 0.0, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    entry = watch.entries()[0]
    assert (entry.rows, entry.drift_share) == (100, None)
    assert "has no reference.parquet" in entry.note


def test_one_row_is_told_and_not_compared(watch):
    watch.answer("1", 3.0, count=1, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    entry = watch.entries()[0]
    assert (entry.rows, entry.drift_share, entry.note) == (1, None, "49 more rows are needed for a check")


def test_rows_without_a_value_are_drift_and_no_failure(watch):
    log, nothing = watch.settings.prediction_log_dir, rows(100, 1, 0.0).astype(object)
    nothing.loc[:, ["income", "plan"]] = None
    write_log(log, watch.model, "1", nothing, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    entry = watch.entries()[0]
    assert watch.monitor.failures == 0
    assert entry.columns["income"] > 1
    assert entry.is_drifted


def test_a_broken_file_costs_its_own_rows_alone(watch):
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    sealed = seal(watch.settings.prediction_log_dir)
    watch.answer("1", 0.0, count=60, ts_s=MIDNIGHT_S + 1)
    sealed[0].write_bytes(b"no parquet")
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    assert spans(watch) == [(0.0, 600.0, 60)]
    assert list(watch.monitor.broken()) == [str(sealed[0])]


def test_a_database_that_is_away_costs_no_live_result_and_is_made_good(watch):
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S + 10)
    home = watch.settings.var_dir / "penstock.db"
    home.mkdir()
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    assert [result.rows for result in watch.monitor.results()] == [100]
    assert watch.collectors.get_sample_value(
        "penstock_check_errors_total", {"model": "", "reason": "history"}
    )
    home.rmdir()
    close(watch, MIDNIGHT_S + WINDOW_S + 70)
    assert spans(watch) == [(0.0, 600.0, 100)]


def test_old_windows_are_forgotten(watch):
    watch = watch.with_settings(monitor_history_days=1.0)
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    close(watch, MIDNIGHT_S + 2 * 86_400)
    assert spans(watch) == []


def test_a_killed_monitor_leaves_whole_windows_or_none(watch, monkeypatch):
    watch.answer("1", 0.0, ts_s=MIDNIGHT_S)
    monkeypatch.setattr("monitoring.history._found", lambda _: 1 / 0)
    close(watch, MIDNIGHT_S + WINDOW_S + 10)
    assert watch.history.last(9, model=watch.model) == []
    monkeypatch.undo()
    close(watch.restarted(watch.registry()), MIDNIGHT_S + WINDOW_S + 20)
    assert spans(watch) == [(0.0, 600.0, 100)]
    assert watch.entries()[0].span == Span(MIDNIGHT_S, MIDNIGHT_S + WINDOW_S)
