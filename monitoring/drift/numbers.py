"""Numeric columns: a mergeable sketch of the window that gives the distance to the reference all but exactly.

The reference's own values are the borders of cells. Of each cell the window's values are counted and their
offsets from its lower border summed up. Inside a cell the reference's share of smaller values is constant, so
the area between both sides' shares follows exactly from count and sum, unless the window's share crosses the
reference's inside the cell: then it is known within a bound that the sketch tells.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitoring.columns import LARGEST

BORDERS = 2_048
"""A reference with fewer different values has its cells cut into equal parts: the bound shrinks with them."""
SMALLEST_SCALE = 0.001
"""Evidently divides a Wasserstein distance by the reference's standard deviation, but never by less."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NumberBase:
    """A reference's numeric column.

    Attributes:
        values: Its finite values in ascending order, at least one.
        borders: The different ones among them, and what cuts the cells between them.
        below: The share of values up to each border.
        scale: Its standard deviation; `SMALLEST_SCALE` where that is 0.
    """

    values: Floats
    borders: Floats
    below: Floats
    scale: float

    @classmethod
    def of(cls, values: Floats) -> "NumberBase":
        """Of finite values in any order."""
        ascending = np.sort(values)
        different = np.unique(ascending)
        borders = _cut(different)
        below = np.searchsorted(ascending, borders, side="right") / len(ascending)
        spread = float(np.std(ascending)) if len(different) > 1 else 0.0
        return cls(ascending, borders, below, spread or SMALLEST_SCALE)


@dataclass(slots=True)
class NumberSketch:
    """A window's numeric column: one count and one sum a cell.

    Attributes:
        counts: Values below the first border, from each border to the next, and from the last one on.
        offsets: The sum of their offsets from the border below; for the first cell from the one above.
        outside: Values below the reference's smallest or above its largest.
        least: The smallest value; infinity before the first.
        most: The largest; minus infinity before the first.
    """

    counts: npt.NDArray[np.int64]
    offsets: Floats
    outside: int = 0
    least: float = float("inf")
    most: float = float("-inf")

    @classmethod
    def empty(cls, base: NumberBase) -> "NumberSketch":
        """Of no values."""
        cells = len(base.borders) + 1
        return cls(np.zeros(cells, dtype=np.int64), np.zeros(cells))

    def add(self, values: Floats, base: NumberBase) -> None:
        """Count finite values in."""
        if not len(values):
            return
        values = np.clip(values, -LARGEST, LARGEST)
        cell = np.searchsorted(base.borders, values, side="right")
        offsets = values - base.borders[np.maximum(cell - 1, 0)]
        self.counts += np.bincount(cell, minlength=len(self.counts))
        self.offsets += np.bincount(cell, offsets, minlength=len(self.counts))
        least, most = float(values.min()), float(values.max())
        if least < base.borders[0] or most > base.borders[-1]:
            self.outside += int(np.count_nonzero((values < base.borders[0]) | (values > base.borders[-1])))
        self.least, self.most = min(self.least, least), max(self.most, most)

    def merge(self, other: "NumberSketch") -> None:
        """Count another part of the window in, sketched against the same reference."""
        self.counts += other.counts
        self.offsets += other.offsets
        self.outside += other.outside
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)

    @property
    def rows(self) -> int:
        """How many values there are."""
        return int(self.counts.sum())


def wasserstein(base: NumberBase, sketch: NumberSketch) -> tuple[float, float]:
    """The Wasserstein distance in reference standard deviations.

    Args:
        base: The reference's column.
        sketch: The window's, of at least one value.

    Returns:
        The distance, and how far from it the true one may lie at most.
    """
    rows = sketch.rows
    up_to = np.cumsum(sketch.counts) / rows
    sums = sketch.offsets / rows
    width = np.diff(base.borders)
    before, after, level = up_to[:-2], up_to[1:-1], base.below[:-1]
    area = (after - level) * width - sums[1:-1]  # of the window's share minus the reference's
    least = np.abs(area)
    crossed = (before < level) & (level < after)
    most = least.copy()
    if crossed.any():
        most[crossed] = _most(*(each[crossed] for each in (area, width, level - before, after - level)))
    outside = sums[-1] - sums[0]
    distance = outside + float((least + most).sum()) / 2
    return max(0.0, float(distance)) / base.scale, float((most - least).sum()) / 2 / base.scale


def exact(base: NumberBase, values: Floats) -> float:
    """The Wasserstein distance in reference standard deviations, from all the window's finite values."""
    ascending = np.sort(np.clip(values, -LARGEST, LARGEST))
    both = np.sort(np.concatenate([base.values, ascending]))
    left = np.searchsorted(base.values, both[:-1], side="right") / len(base.values)
    right = np.searchsorted(ascending, both[:-1], side="right") / len(ascending)
    return float(np.sum(np.abs(left - right) * np.diff(both))) / base.scale


def _cut(different: Floats) -> Floats:
    parts = -(-BORDERS // len(different))
    if parts == 1 or len(different) == 1:
        return different
    steps = np.arange(parts) / parts
    inner = different[:-1, None] + np.diff(different)[:, None] * steps
    return np.unique(np.append(inner.ravel(), different))


def _most(area: Floats, width: Floats, up: Floats, over: Floats) -> Any:
    """The largest |area| on both sides of a crossing: where the share leaps at a single point of the cell."""
    turn = (over * width - area) / (up + over)
    return np.maximum(area + 2 * up * turn, np.abs(area))
