"""Steps over numbers, learned chunk by chunk: bounds, fillings and scales.

A step is fitted, by its own `fit`, on a small table that has the statistics of all rows; scalers that learn
in parts do so.
"""

from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from projects.beyond_memory.chunks import Chunk
from projects.beyond_memory.levels import MOST_LEVELS
from projects.beyond_memory.quantiles import Quantiles

Numbers = NDArray[np.float64]
QUARTERS = (0.25, 0.5, 0.75)


class Learner(Protocol):
    """Learns one step from the cells that it would be given."""

    said: list[str]
    """What a person should know of how it was learned."""

    def learn(self, cells: Numbers, chunk: Chunk) -> None:
        """Take the cells of some rows, shape (rows, columns)."""

    def finish(self) -> Any:
        """Return the fitted step."""


class ByQuantiles:
    """Learns a step from the quartiles of each column: bounds by quartiles, and the robust scaler.

    Five rows with the quartiles at their quarters have the same quartiles.
    """

    def __init__(self, step: Any, scout: Numbers, rows: int) -> None:
        self.step = step
        self.said: list[str] = []
        self._quantiles = Quantiles(scout, QUARTERS, rows)

    def learn(self, cells: Numbers, chunk: Chunk) -> None:
        """Take some rows."""
        self._quantiles.learn(cells, chunk.positions)

    def finish(self) -> Any:
        """Return the fitted step."""
        first, middle, third = self._quantiles.found()
        self.said += _told(self._quantiles)
        return fitted(self.step, np.array([first, first, middle, third, third]))


class ByMoments:
    """Learns bounds from means and deviations: two rows a deviation off the mean have both."""

    def __init__(self, step: Any, width: int) -> None:
        self.step = step
        self.said: list[str] = []
        self._rows, self._mean, self._square = np.zeros(width), np.zeros(width), np.zeros(width)

    def learn(self, cells: Numbers, chunk: Chunk) -> None:  # noqa: ARG002 - a Learner
        """Take some rows, by the update of Chan, Golub and LeVeque (1979)."""
        is_known = ~np.isnan(cells)
        rows = is_known.sum(axis=0)
        mean = np.where(is_known, cells, 0.0).sum(axis=0) / np.maximum(rows, 1)
        square = (np.where(is_known, cells - mean, 0.0) ** 2).sum(axis=0)
        total, off = self._rows + rows, mean - self._mean
        share = rows / np.maximum(total, 1)
        self._mean = self._mean + off * share
        self._square = self._square + square + off**2 * self._rows * share
        self._rows = total

    def finish(self) -> Any:
        """Return the fitted step."""
        deviation = np.sqrt(self._square / np.maximum(self._rows, 1))
        mean = np.where(self._rows > 0, self._mean, np.nan)
        return fitted(self.step, np.array([mean - deviation, mean + deviation]))


class Filling:
    """Learns what fills gaps: the median, mean or most frequent number, and which columns have any."""

    def __init__(self, step: Any, scout: Numbers, rows: int) -> None:
        self.step = step
        self.said: list[str] = []
        self._width = scout.shape[1]
        self._has_gaps = np.zeros(self._width, dtype=bool)
        self._rows, self._sums = np.zeros(self._width), np.zeros(self._width)
        self._quantiles = Quantiles(scout, (0.5,), rows) if step.strategy == "median" else None
        self._frequent = [_Frequent() for _ in range(self._width)]
        self._scout = scout

    def learn(self, cells: Numbers, chunk: Chunk) -> None:
        """Take some rows."""
        is_gap = np.isnan(cells)
        self._has_gaps |= is_gap.any(axis=0)
        if self._quantiles is not None:
            self._quantiles.learn(cells, chunk.positions)
        elif self.step.strategy == "mean":
            self._rows += (~is_gap).sum(axis=0)
            self._sums += np.where(is_gap, 0.0, cells).sum(axis=0)
        else:
            for at, frequent in enumerate(self._frequent):
                frequent.learn(cells[~is_gap[:, at], at])

    def finish(self) -> Any:
        """Return the fitted step."""
        fills = self._fills()
        return fitted(self.step, np.array([fills, np.where(self._has_gaps, np.nan, fills)]))

    def _fills(self) -> Numbers:
        if self._quantiles is not None:
            found = self._quantiles.found()[0]
            self.said += _told(self._quantiles)
            return np.asarray(found)
        if self.step.strategy == "mean":
            return np.where(self._rows > 0, self._sums / np.maximum(self._rows, 1), np.nan)
        of_scout = clone(self.step).fit(self._scout).statistics_
        fills = np.array([each.found(of_scout[at]) for at, each in enumerate(self._frequent)])
        if any(each.is_lost for each in self._frequent):
            self.said.append("the most frequent number of columns of very many is that of a sample")
        return fills


class InParts:
    """Learns a scaler that scikit-learn itself fits in parts."""

    def __init__(self, step: Any) -> None:
        self.step = clone(step)
        self.said: list[str] = []
        self._names = getattr(step, "feature_names_in_", None)

    def learn(self, cells: Numbers, chunk: Chunk) -> None:  # noqa: ARG002 - a Learner
        """Take some rows."""
        self.step.partial_fit(_named(cells, self._names))

    def finish(self) -> Any:
        """Return the fitted step."""
        return self.step


class AsLearned:
    """Keeps a step as the sample made it."""

    def __init__(self, step: Any, what: str) -> None:
        self.step, self.said = step, [what]

    def learn(self, cells: Numbers, chunk: Chunk) -> None:
        """Take nothing."""

    def finish(self) -> Any:
        """Return the step."""
        return self.step


class _Frequent:
    """Counts distinct numbers, while they are not too many."""

    def __init__(self) -> None:
        self.values, self.counts, self.is_lost = np.empty(0), np.empty(0, dtype=np.int64), False

    def learn(self, known: Numbers) -> None:
        if self.is_lost:
            return
        new, counts = np.unique(known, return_counts=True)
        self.values, places = np.unique(np.concatenate([self.values, new]), return_inverse=True)
        both = np.concatenate([self.counts, counts]).astype(np.float64)
        self.counts = np.bincount(places, both, minlength=len(self.values)).astype(np.int64)
        self.is_lost = len(self.values) > MOST_LEVELS

    def found(self, otherwise: float) -> float:
        if self.is_lost:
            return otherwise
        return float(self.values[np.argmax(self.counts)]) if len(self.values) else float("nan")


def fitted(step: Any, rows: Numbers) -> Any:
    """Fit a step like another on a table, under the names that the other one knows."""
    return clone(step).fit(_named(rows, getattr(step, "feature_names_in_", None)))


def _named(rows: Numbers, names: Any) -> Any:
    return rows if names is None else pd.DataFrame(rows, columns=names)


def _told(quantiles: Quantiles) -> list[str]:
    said = []
    if quantiles.error:
        said.append(f"quantiles are right to {quantiles.error:.2%} of the rows (one standard error)")
    if quantiles.missed:
        said.append(f"the quantiles of {len(quantiles.missed)} columns are those of a sample")
    return said
