"""What windows mean, in a sentence."""

from typing import Any

from monitoring.history import Entry
from monitoring.lane import Lane, Span
from penstock.watching.found import Watched, of_check, of_history
from penstock.watching.verdicts import of_drift, of_quality

LANE = Lane("churn", "3", "champion")


def entry(hour: int = 0, **found: Any) -> Entry:
    return Entry(LANE, Span(3600.0 * hour, 3600.0 * (hour + 1)), 0.0, 100, **found)


def watched(*entries: Entry) -> list[Watched]:
    return [of_history(LANE, entries)]


def test_a_drift_names_its_version_and_its_worst_columns() -> None:
    found = of_drift(
        watched(entry(drift_share=0.6, is_drifted=True, columns={"age": 1.2, "plan": 3.0, "fine": 0.4}))
    )
    assert found.word == "drift"
    share, worst = found.sentence.split("; most of all ")
    assert share == "the data drifted: 60% of the columns of version 3 (champion) drifted"
    assert worst == "plan (3.0 times its threshold), age (1.2 times its threshold)"


def test_a_trend_is_told_where_the_share_moved() -> None:
    found = of_drift(watched(entry(0, drift_share=0.1), entry(1, drift_share=0.4)))
    assert found.word == "steady"
    assert found.sentence.endswith("(champion) drifted, more than the 10% of the window before")


def test_windows_without_a_comparison_say_why() -> None:
    found = of_drift(watched(entry(note="the version has no reference")))
    assert found.word == "unknown"
    assert "the version has no reference" in found.sentence


def test_nothing_watched_is_told_so() -> None:
    assert "nothing is known yet" in of_drift([]).sentence
    assert of_quality([]).word == "unknown"


def test_low_quality_is_told_with_its_figures() -> None:
    found = of_quality(watched(entry(quality={"accuracy": 0.6}, is_bad=True, labelled=40)))
    assert (found.word, found.sentence) == (
        "low",
        "quality is below what was promised: accuracy 0.6 on 40 outcomes of version 3 (champion)",
    )


def test_an_estimate_stands_in_while_outcomes_are_missing() -> None:
    found = of_quality(watched(entry(estimate={"accuracy": 0.8})))
    assert (found.word, found.sentence) == (
        "unknown",
        "no outcomes yet; estimated for version 3 (champion): accuracy 0.8",
    )


def test_a_check_of_the_monitor_reads_as_an_open_window() -> None:
    column = {"name": "age", "distance": 0.3, "threshold": 0.1}
    lane = {
        "model": "churn", "version": "3", "variant": "champion", "rows": 70, "labelled": 5,
        "since": "2026-01-01T00:00:00+00:00", "until": "2026-01-01T01:00:00+00:00", "drift_share": 1.0,
        "is_drifted": True, "columns": [column],
        "quality": {"accuracy": {"value": 0.9, "low": 0.8, "high": 1}},
        "is_bad": None, "estimate": {}, "business": {}, "note": "",
    }  # fmt: skip
    found = of_check(lane)
    assert found is not None
    assert (found.newest.is_closed, found.newest.quality, found.newest.is_bad) == (
        False,
        {"accuracy": 0.9},
        False,
    )
    assert of_drift([found]).sentence.endswith("most of all age (3.0 times its threshold)")


def test_a_lane_that_was_not_checked_is_passed_over() -> None:
    assert of_check({"model": "churn", "version": "3", "variant": "champion"}) is None
