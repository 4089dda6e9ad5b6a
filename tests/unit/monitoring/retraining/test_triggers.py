"""Reasons to retrain, and what stands against them."""

from dataclasses import replace
from typing import Any

import pytest

from monitoring.history import Entry
from monitoring.lane import Lane, Span
from monitoring.policy import Retraining
from monitoring.retraining.clock import Appointment, Due
from monitoring.retraining.rows import NewRows
from monitoring.retraining.triggers import HOUR_S, Last, Reason, cooling, reasons, too_few

ALL = Retraining(frozenset({"drift", "quality", "rows"}), drift_windows=(2, 3))
DUE = Due(Appointment("churn", "retrain", "0 2 * * *"), 26 * HOUR_S, is_missed=False)


def window(hour: int, *, share: float | None = 0.0, variant: str = "champion", **more: Any) -> Entry:
    span = Span(hour * HOUR_S, (hour + 1) * HOUR_S)
    entry = Entry(Lane("churn", "1", variant), span, span.until_s, 500, drift_share=share)
    return replace(entry, is_drifted=bool(share), **more)


def codes(entries: list[Entry], **more: Any) -> list[str]:
    known: dict[str, Any] = {"due": (), "rows": None, "last": None} | more
    return [reason.code for reason in reasons(ALL, entries=entries, **known)]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.5, 0.5], ["drift"]),
        ([0.5, 0.0, 0.5], ["drift"]),
        ([0.5, 0.5, 0.0, 0.0], []),
        ([0.5], []),
        ([0.5, 0.5, None, None, 0.0], ["drift"]),
        ([], []),
    ],
)
def test_drift_counts_in_the_last_judged_windows(shares: list[float | None], expected: list[str]) -> None:
    assert codes([window(hour, share=share) for hour, share in enumerate(shares)]) == expected


def test_one_variants_drift_is_its_windows() -> None:
    entries = [
        window(hour, share=0.5 * (variant == "b"), variant=variant) for hour in (0, 1) for variant in "ab"
    ]
    assert codes(entries) == ["drift"]


def test_windows_from_before_the_last_retraining_do_not_count() -> None:
    entries = [window(hour, share=0.5) for hour in range(3)]
    assert codes(entries, last=Last(2.5 * HOUR_S, 0.0, 0.0)) == []


def test_the_drift_sentence_names_windows_columns_and_rule() -> None:
    entries = [window(hour, share=0.25, columns={"age": 1.0, "plan": 4.0}) for hour in range(3)]
    (found,) = reasons(ALL, entries=entries, due=(), rows=None, last=None)
    assert found.sentence == (
        "3 of the last 3 windows of version 1 drifted (2 of 3 are enough), the newest by 25% of its columns, "
        "above all plan, age"
    )


def test_the_newest_window_with_outcomes_says_whether_the_quality_is_bad() -> None:
    bad = {"is_bad": True, "quality": {"roc_auc": 0.6}, "labelled": 300}
    good = {"quality": {"roc_auc": 0.9}, "labelled": 30}
    assert codes([window(0, **good), window(1, **bad), window(2)]) == ["quality"]
    assert codes([window(0, **bad), window(1, **good)]) == []


def test_a_window_of_too_few_outcomes_to_be_judged_does_not_hide_a_bad_one() -> None:
    bad = {"is_bad": True, "quality": {"roc_auc": 0.6}, "labelled": 300}
    few = {"quality": {"roc_auc": 0.9}, "labelled": 29}
    assert codes([window(0, **bad), window(1, **few)]) == ["quality"]


def test_enough_fresh_rows_are_a_reason() -> None:
    assert codes([], rows=NewRows(500, 200)) == ["rows"]
    assert codes([], rows=NewRows(500, 199)) == []


def test_a_missed_moment_is_no_reason() -> None:
    assert codes([], due=[DUE]) == ["clock"]
    assert codes([], due=[replace(DUE, is_missed=True)]) == []


def test_the_cool_down_is_counted_from_the_last_start() -> None:
    last = Last(10 * HOUR_S, 10 * HOUR_S, 0.0)
    assert cooling(ALL, last, now_s=33.9 * HOUR_S, due=())
    assert cooling(ALL, last, now_s=34 * HOUR_S, due=()) is None
    assert cooling(ALL, None, now_s=0.0, due=()) is None


def test_a_nightly_schedule_is_not_held_up_by_its_own_late_start() -> None:
    last = Last(2.01 * HOUR_S, 2 * HOUR_S, 0.0)
    assert cooling(ALL, last, now_s=26.001 * HOUR_S, due=[DUE]) is None


def test_too_few_rows_say_how_many_are_needed() -> None:
    assert too_few(ALL, NewRows(200, 0)) is None
    found = too_few(ALL, NewRows(37, 37))
    assert isinstance(found, Reason)
    assert "37 rows have been labelled" in found.sentence
    assert "200 are needed" in found.sentence
