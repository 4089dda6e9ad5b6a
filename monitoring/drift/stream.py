"""A detector on the stream of rows between two reports: a shift is told within some hundred rows.

Every column becomes a few channels of known mean and deviation: a number its rank among the reference's
values and how far out that rank lies, a category one yes or no for each common name, each column whether it
lacks a value. Each channel is summed up in a two-sided CUSUM (Page 1954), an allowance taken off for every
row. The bound is such that without drift an alarm comes once in `ROWS_PER_FALSE_ALARM` rows over all channels
(Siegmund 1985), if rows are independent; sums are looked at once a batch, which can but lengthen that. Rows
that depend on each other, as hours of one day do, alarm more often.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from monitoring.columns import numbers, texts
from monitoring.drift.base import Reference
from monitoring.drift.categories import CategoryBase
from monitoring.drift.numbers import NumberBase
from monitoring.drift.profile import cells_of

SHIFT = 0.25
"""Deviations of a shift that is to be found soon; half of it is the allowance (Page 1954)."""
ERRORS = 4.0
"""Standard errors of the reference's own mean by which a channel may be off without an alarm."""
ROWS_PER_FALSE_ALARM = 1_000_000
NAMES = 8
"""Common categories that have a channel of their own."""
LEAST_SPREAD = 0.2
"""The deviation of a yes or no is taken for at least so much: the bound is for sums that are about normal,
and of something rare a single row would weigh as much as thirty."""
CEILING = 1.5
"""Bounds up to which a sum may grow, so that it is below again soon after the drift has ended."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StreamAlarm:
    """What moved on the stream.

    Attributes:
        columns: The columns above their bound, the farthest above it first.
        ratio: The largest sum in bounds; at least 1.
        rows: Rows since the farthest column's sum began to grow.
    """

    columns: tuple[str, ...]
    ratio: float
    rows: int


@dataclass(frozen=True, slots=True)
class _Channels:
    """The channels of one column: the mean and deviation of each without drift."""

    name: str
    means: Floats
    spreads: Floats
    base: NumberBase | CategoryBase


@dataclass(slots=True)
class Stream:
    """The sums of one lane.

    Attributes:
        reference: What the rows are compared with.
        hidden: Columns that are left out.
        rows_per_false_alarm: How rare false alarms are.
    """

    reference: Reference
    hidden: frozenset[str] = frozenset()
    rows_per_false_alarm: int = ROWS_PER_FALSE_ALARM
    _channels: list[_Channels] = field(default_factory=list)
    _up: Floats = field(init=False)
    _down: Floats = field(init=False)
    _since: npt.NDArray[np.int64] = field(init=False)
    _allowance: float = field(init=False)
    bound: float = field(init=False)
    """A sum above it is an alarm, in deviations."""

    def __post_init__(self) -> None:
        columns = self.reference.columns.without(self.hidden)
        for name in columns.numeric + columns.categorical:
            base = self.reference.bases.get(name)
            if isinstance(base, NumberBase | CategoryBase):
                self._channels.append(_channels(name, base, self.reference))
        count = sum(len(each.means) for each in self._channels)
        self._up, self._down = np.zeros(count), np.zeros(count)
        self._since = np.zeros(count, dtype=np.int64)
        error = ERRORS / math.sqrt(max(1, len(self.reference.rows)))
        self._allowance = SHIFT / 2 + error
        self.bound = bound(SHIFT / 2, self.rows_per_false_alarm * max(1, 2 * count))

    def update(self, table: pa.Table) -> StreamAlarm | None:
        """Take the next rows in.

        Args:
            table: Rows that no earlier call has had, as the log gives them.

        Returns:
            What stands above its bound now; None where nothing does.
        """
        rows = table.num_rows
        if not rows or not self._channels:
            return self._alarm()
        there = dict(cells_of(table))
        absent = pa.nulls(rows)
        sums = [self._summed(each, there.get(each.name, absent)) for each in self._channels]
        total = np.concatenate(sums)
        slack = rows * self._allowance
        ceiling = CEILING * self.bound
        self._up = np.clip(self._up + total - slack, 0.0, ceiling)
        self._down = np.clip(self._down - total - slack, 0.0, ceiling)
        self._since = np.where(np.maximum(self._up, self._down) > 0, self._since + rows, 0)
        return self._alarm()

    def _summed(self, channels: _Channels, cells: pa.Array) -> Floats:
        """By channel: the sum of deviations from the mean, in standard deviations."""
        rows = len(cells)
        if isinstance(channels.base, NumberBase):
            values = numbers(cells)
            found = _of_numbers(values[np.isfinite(values)], channels.base)
        else:
            words = texts(cells, self.reference.columns, channels.name).drop_null()
            found = _of_names(words, channels.base)
        present = found[1]
        totals = np.append(found[0], rows - present)
        weights = np.append(np.full(len(found[0]), present), rows)
        deviations: Floats = (totals - weights * channels.means) / channels.spreads
        return deviations

    def _alarm(self) -> StreamAlarm | None:
        height = np.maximum(self._up, self._down) / self.bound
        if not len(height) or height.max() < 1:
            return None
        highest: dict[str, float] = {}
        for name, ratio in zip(self._names(), height.tolist(), strict=True):
            if ratio >= 1:
                highest[name] = max(ratio, highest.get(name, 0.0))
        ranked = sorted(highest, key=lambda name: (-highest[name], name))
        return StreamAlarm(tuple(ranked), float(height.max()), int(self._since[int(height.argmax())]))

    def _names(self) -> list[str]:
        return [each.name for each in self._channels for _ in each.means]


def bound(allowance: float, rows: float) -> float:
    """The bound that a one-sided CUSUM of independent standard normal rows passes once in so many rows.

    Args:
        allowance: What is taken off for each row, in deviations.
        rows: The mean number of rows to a false alarm.
    """
    high = 1.0
    while _rows_to_alarm(allowance, high) < rows:
        high *= 2
    low = 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _rows_to_alarm(allowance, middle) < rows else (low, middle)
    return high


def _rows_to_alarm(allowance: float, height: float) -> float:
    reach = 2 * allowance * (height + 1.166)
    return (math.exp(min(reach, 700.0)) - reach - 1) / (2 * allowance**2)


def _channels(name: str, base: NumberBase | CategoryBase, reference: Reference) -> _Channels:
    lacking = reference.missing(name) / len(reference.rows)
    if isinstance(base, NumberBase):
        ranks = _ranks(base.values, base)
        each = np.stack([ranks, np.abs(2 * ranks - 1)])
        means, spreads = each.mean(axis=1), each.std(axis=1)
    else:
        means = base.counts[:NAMES] / base.rows
        spreads = np.sqrt(means * (1 - means))
    means, spreads = np.append(means, lacking), np.append(spreads, math.sqrt(lacking * (1 - lacking)))
    return _Channels(name, means, np.maximum(spreads, LEAST_SPREAD), base)


def _of_numbers(values: Floats, base: NumberBase) -> tuple[Floats, int]:
    ranks = _ranks(values, base)
    return np.array([ranks.sum(), np.abs(2 * ranks - 1).sum()]), len(values)


def _of_names(words: pa.Array, base: CategoryBase) -> tuple[Floats, int]:
    import pyarrow.compute as pc

    names = base.names.slice(0, NAMES)
    found = pc.index_in(words, value_set=names).drop_null().to_numpy()
    return np.bincount(found, minlength=len(names)).astype(np.float64), len(words)


def _ranks(values: Floats, base: NumberBase) -> Any:
    """Middle ranks among the reference's values, 0 to 1."""
    left = np.searchsorted(base.values, values, side="left")
    right = np.searchsorted(base.values, values, side="right")
    return (left + right) / (2 * len(base.values))
