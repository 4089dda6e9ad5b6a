"""The levels of a column of texts: how often each comes and what its target is like, in each of the folds.

All that a training learns of levels follows from this table: spellings, the most frequent level, one-hot
columns, counts, and the target's means with and without a row's own fold. Beyond a bound the rarest levels
are let go (lossy counting, Manku and Motwani 2002): they are taken for unseen ones.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
MOST_LEVELS = 50_000
MOST_CELLS = 20_000_000
"""Of a table: levels times folds times classes."""
GAP = 0
"""The place of a gap."""


def folds_of(positions: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of each row, by a hash of its position (splitmix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        mixed = positions.astype(np.uint64) + np.uint64(seed + 1) * np.uint64(0x9E3779B97F4A7C15)
        for shift, times in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(times)
        mixed ^= mixed >> np.uint64(31)
    return (mixed % np.uint64(folds)).astype(np.intp)


@dataclass(frozen=True)
class Truth:
    """What the target's means are of.

    Attributes:
        classes: How many; 0 for numbers.
        shift: What is taken off numbers, so that sums of their squares stay exact.
    """

    classes: int
    shift: float = 0.0

    @property
    def width(self) -> int:
        """Sums a level: of a number and its square, of the second class of two, or of each class."""
        return 2 if not self.classes else 1 if self.classes == 2 else self.classes

    def columns(self, y: Any) -> list[Values]:
        """Return what is summed, an array of one value a row for each sum."""
        if not self.classes:
            off = np.asarray(y, dtype=np.float64) - self.shift
            return [off, off * off]
        if self.classes == 2:
            return [(y == 1).astype(np.float64)]
        return [(y == code).astype(np.float64) for code in range(self.classes)]


class LevelTable:
    """Learns the levels of one column.

    Args:
        truth: The target.
        folds: How many.
        most: The most levels that are kept.

    Attributes:
        index: The place of each level; 0 is a gap's.
        counts: Rows by level and fold, shape (levels, folds).
        sums: Sums of `Truth.columns`, shape (levels, folds, width).
        lost: Rows of levels that were let go.
        is_done: Whether all rows were taken.
    """

    def __init__(self, truth: Truth, folds: int, most: int = MOST_LEVELS) -> None:
        self.truth, self.folds = truth, folds
        self.most = max(100, min(most, MOST_CELLS // (folds * truth.width)))
        self.index: dict[str, int] = {}
        self.lost, self.is_done = 0, False
        self.counts = np.zeros((1024, folds), dtype=np.int64)
        self.sums = np.zeros((1024, folds, truth.width))

    @property
    def levels(self) -> list[str]:
        """The levels, in the order of their places from 1."""
        return list(self.index)

    def learn(self, coded: Any, fold: NDArray[np.intp], targets: list[Values]) -> None:
        """Take some rows.

        Args:
            coded: Codes into distinct levels, -1 for gaps; and those levels.
            fold: Of each row.
            targets: `Truth.columns` of the rows.
        """
        codes, levels = coded
        places = self._places(levels)
        cell = (codes + 1) * self.folds + fold  # a gap comes first
        size = (len(levels) + 1) * self.folds
        at = np.concatenate([[GAP], places])
        self.counts[at] += np.bincount(cell, minlength=size).reshape(-1, self.folds)
        for column, target in enumerate(targets):
            self.sums[at, :, column] += np.bincount(cell, target, minlength=size).reshape(-1, self.folds)
        if len(self.index) > 2 * self.most:
            self._let_go()

    def finish(self) -> "LevelTable":
        """Let go what is beyond the bound, and what is kept for levels to come."""
        if len(self.index) > self.most:
            self._let_go()
        self._resize(len(self.index) + 1)
        self.is_done = True
        return self

    def counter(self) -> Counter[str]:
        """Return how often each level comes."""
        rows = self.counts.sum(axis=1).tolist()
        return Counter({level: rows[place] for level, place in self.index.items()})

    def places(self, levels: Any) -> NDArray[np.intp]:
        """Return the places of levels, -1 for one that is not known."""
        get = self.index.get
        return np.fromiter((get(level, -1) for level in levels), dtype=np.intp, count=len(levels))

    def _places(self, levels: Any) -> NDArray[np.intp]:
        index = self.index
        for level in levels:
            if level not in index:
                index[level] = len(index) + 1
        if len(index) + 1 > len(self.counts):
            self._resize(2 * (len(index) + 1))
        return self.places(levels)

    def _resize(self, size: int) -> None:
        kept = min(size, len(self.counts))
        counts, sums = self.counts, self.sums
        self.counts = np.zeros((size, self.folds), dtype=np.int64)
        self.sums = np.zeros((size, self.folds, self.truth.width))
        self.counts[:kept], self.sums[:kept] = counts[:kept], sums[:kept]

    def _let_go(self) -> None:
        rows = self.counts.sum(axis=1)[1 : len(self.index) + 1]
        kept = np.sort(np.argsort(-rows, kind="stable")[: self.most])
        self.lost += int(rows.sum() - rows[kept].sum())
        levels = self.levels
        self.index = {levels[place]: at for at, place in enumerate(kept.tolist(), 1)}
        at = np.concatenate([[GAP], kept + 1])
        self.counts, self.sums = self.counts[at], self.sums[at]
