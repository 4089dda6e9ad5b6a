"""Closed windows in a real database."""

import sqlite3
from dataclasses import replace

import pytest

from monitoring.history import Entry, History, lanes_of
from monitoring.lane import Lane, Span
from serving.lifecycle.database import Database
from serving.lifecycle.errors import LifecycleError

LANE = Lane("churn", "3", "champion")
ENTRY = Entry(
    LANE, Span(0.0, 60.0), 61.0, 100, 1.5, 0.9, 2.5, 40, 0.25, True, {"age": 3.5}, {"accuracy": 0.75}, True,
    {"accuracy": 0.8}, {"profit": -12.5}, "a note",
)  # fmt: skip


@pytest.fixture
def history(tmp_path) -> History:
    return History(Database(f"sqlite:///{tmp_path}/penstock.db"))


def at(number: int, lane: Lane = LANE) -> Entry:
    return replace(ENTRY, lane=lane, span=Span(60.0 * number, 60.0 * number + 60))


def test_a_window_is_given_back_as_it_was(history):
    history.record(ENTRY)
    assert history.last(5, model="churn") == [ENTRY]


def test_the_last_word_on_a_window_stands(history):
    history.record(ENTRY)
    history.record(replace(ENTRY, labelled=90, judged_s=99.0))
    assert [(entry.labelled, entry.judged_s) for entry in history.last(5, model="churn")] == [(90, 99.0)]


def test_the_newest_windows_come_oldest_first(history):
    history.close([at(number) for number in (3, 1, 2, 0)])
    assert [entry.span.since_s for entry in history.last(2, model="churn")] == [120.0, 180.0]


def test_a_lane_is_asked_for_by_version_and_variant(history):
    other = LANE._replace(variant="challenger")
    history.close([at(0), at(0, other), at(0, LANE._replace(version="4"))])
    assert [entry.lane for entry in history.last(9, **other._asdict())] == [other]
    assert len(history.last(9, model="churn", version="3")) == 2


def test_windows_that_meet_a_span_are_found(history):
    history.close([at(number) for number in range(5)])
    assert [entry.span.since_s for entry in history.between("churn", 60.0, 180.0)] == [60.0, 120.0]


def test_numbers_that_are_none_are_left_out(history):
    nan = float("nan")
    history.record(replace(ENTRY, p99_ms=nan, quality={"accuracy": 0.5, "roc_auc": nan}))
    entry = history.last(1, model="churn")[0]
    assert (entry.p99_ms, entry.quality) == (None, {"accuracy": 0.5})


def test_windows_and_marks_are_written_together_or_not_at_all(history, monkeypatch):
    history.record(ENTRY)
    monkeypatch.setattr("monitoring.history._found", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        history.close([at(1)], marks={"a": 1.0})
    assert (history.marks(), len(history.last(9, model="churn"))) == ({}, 1)


def test_a_mark_is_moved_in_either_direction(history):
    history.close([], marks={"a": 5.0, "b": 1.0})
    history.close([], marks={"a": 3.0})
    assert history.marks() == {"a": 3.0, "b": 1.0}


def test_old_windows_are_pruned(history):
    history.close([at(0), at(2_000)])
    assert history.prune(86_400.0 + 61, 1.0) == 1
    assert [entry.span.since_s for entry in history.last(9, model="churn")] == [120_000.0]


def test_models_are_those_with_windows(history):
    history.close([at(0), at(0, Lane("b", "1", "x")), at(1)])
    assert history.models() == ["b", "churn"]


def test_entries_are_grouped_by_lane_in_order():
    other = Lane("churn", "4", "champion")
    assert lanes_of([at(0), at(0, other), at(1)]) == {LANE: [at(0), at(1)], other: [at(0, other)]}


def test_a_database_that_is_no_database_is_said(tmp_path):
    (tmp_path / "penstock.db").write_bytes(b"no database" * 100)
    with pytest.raises(LifecycleError, match="could not be used"):
        History(Database(f"sqlite:///{tmp_path}/penstock.db")).record(ENTRY)


def test_windows_of_a_later_kind_are_read_without_what_is_not_known(history, tmp_path):
    history.record(ENTRY)
    with sqlite3.connect(tmp_path / "penstock.db") as database:
        database.execute("UPDATE penstock_windows SET found = json_set(found, '$.later', 1)")
    assert history.last(1, model="churn") == [ENTRY]
