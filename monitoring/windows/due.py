"""Which windows have closed and are not judged yet: multiples of a length on the UTC clock, or counts."""

import math
from typing import Any

import numpy as np

from monitoring.lane import Span

GRACE_S = 5.0
"""A record is on the log at most so long after its time."""
TICK_S = 1e-6
"""What the log tells times apart by: a window that ends so long after its last row holds that row."""


def due_spans(mark_s: float | None, now_s: float, *, length_s: float, most: int) -> list[Span]:
    """The windows by time that have closed since a mark, oldest first.

    Args:
        mark_s: Up to when windows are judged; None where none is.
        now_s: The time. Where it lies before the mark, the clock was set back: nothing is due until the mark
            is met again or `reset_mark` has lowered it.
        length_s: A window's length.
        most: At most so many, the newest.
    """
    last = math.floor((now_s - GRACE_S) / length_s)
    first = last - most
    if mark_s is not None:
        first = max(first, round(mark_s / length_s))
    return [Span(number * length_s, (number + 1) * length_s) for number in range(first, last)]


def reset_mark(mark_s: float | None, now_s: float, *, length_s: float) -> float | None:
    """The mark, or a lower one where the clock was set back behind it: what comes now closes anew."""
    if mark_s is None or mark_s <= now_s + length_s:
        return mark_s
    return math.floor(now_s / length_s) * length_s


def times_from(times_s: Any, mark_s: float | None) -> Any:
    """The times from a mark on, as the log tells them apart; all without one."""
    return times_s if mark_s is None else times_s[np.rint(times_s * 1e6) >= round(mark_s * 1e6)]


def count_spans(times_s: Any, *, rows: int, most: int) -> list[Span]:
    """The full windows of so many rows, oldest first; rows of one moment stay together.

    Args:
        times_s: When the rows since the last window were answered, rising, shape (n,), in seconds.
        rows: The rows of a window, at least.
        most: At most so many windows, the newest.
    """
    times = np.asarray(times_s, dtype=np.float64)
    spans, start = [], 0
    while len(times) - start >= rows:
        end = int(np.searchsorted(times, times[start + rows - 1], side="right"))
        spans.append(Span(float(times[start]), float(times[end - 1]) + TICK_S))
        start = end
    return spans[-most:]
