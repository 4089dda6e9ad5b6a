"""Which windows have closed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitoring.lane import Span
from monitoring.windows.due import GRACE_S, count_spans, due_spans, reset_mark, times_from

HOUR_S = 3600.0


def test_without_a_mark_the_newest_closed_windows_are_due():
    assert due_spans(None, 10 * HOUR_S + 10, length_s=HOUR_S, most=2) == [
        Span(8 * HOUR_S, 9 * HOUR_S),
        Span(9 * HOUR_S, 10 * HOUR_S),
    ]


def test_a_window_is_due_when_its_last_records_are_on_the_log():
    mark_s = 9 * HOUR_S
    assert due_spans(mark_s, 10 * HOUR_S + GRACE_S - 0.1, length_s=HOUR_S, most=5) == []
    assert due_spans(mark_s, 10 * HOUR_S + GRACE_S, length_s=HOUR_S, most=5) == [Span(mark_s, 10 * HOUR_S)]


def test_nothing_is_due_while_the_clock_is_behind_the_mark():
    assert due_spans(9 * HOUR_S, 5 * HOUR_S, length_s=HOUR_S, most=5) == []


@given(st.floats(0, 1e9), st.floats(0, 50), st.sampled_from([1.0, 60.0, 600.0, HOUR_S, 0.7]))
def test_windows_follow_one_another_from_the_mark_on(start_s, lengths, length_s):
    first = due_spans(None, start_s, length_s=length_s, most=3)
    mark_s = first[-1].until_s
    for span in due_spans(mark_s, start_s + lengths * length_s, length_s=length_s, most=100):
        assert np.isclose(span.since_s, mark_s)
        mark_s = span.until_s


def test_a_mark_far_ahead_of_the_clock_is_lowered():
    assert reset_mark(9 * HOUR_S, 5.5 * HOUR_S, length_s=HOUR_S) == 5 * HOUR_S


def test_a_mark_is_kept_while_the_clock_goes_on():
    assert reset_mark(9 * HOUR_S, 9.1 * HOUR_S, length_s=HOUR_S) == 9 * HOUR_S
    assert reset_mark(None, 9.1 * HOUR_S, length_s=HOUR_S) is None


def test_full_windows_by_count_are_due_and_the_rest_waits():
    spans = count_spans(np.arange(25.0), rows=10, most=9)
    assert [(span.since_s, int(span.until_s)) for span in spans] == [(0.0, 9), (10.0, 19)]
    assert all(span.until_s > span.since_s + 9 for span in spans)


def test_rows_of_one_moment_are_in_one_window():
    spans = count_spans([0.0, 1.0, 1.0, 1.0, 2.0, 3.0], rows=2, most=9)
    assert [span.since_s for span in spans] == [0.0, 2.0]


def test_only_the_newest_windows_by_count_are_made_good():
    assert [span.since_s for span in count_spans(np.arange(100.0), rows=10, most=2)] == [80.0, 90.0]


def test_a_window_by_count_ends_after_its_last_row_on_the_log_clock():
    start_us = 1_785_542_400_000_001
    times = (start_us + 1_000_003 * np.arange(30)) / 1e6
    ends_us = [round(span.until_s * 1e6) for span in count_spans(times, rows=10, most=9)]
    assert ends_us == [start_us + 1_000_003 * (10 * full - 1) + 1 for full in (1, 2, 3)]


@given(st.integers(1_600_000_000_000_000, 1_900_000_000_000_000))
def test_a_row_a_microsecond_after_a_window_by_count_is_of_the_next_one(last_us):
    times = np.array([last_us - 1, last_us, last_us + 1]) / 1e6
    (span,) = count_spans(times, rows=2, most=9)
    assert times_from(times, span.until_s).tolist() == [times[2]]
