"""Exact quantiles in one pass: a sample says between which values to look, and those are kept.

Values below the bracket are counted, values within it are kept with how often they come, and the rank falls
among them (Floyd and Rivest 1975, selection by sampling). Of n rows a bracket of five standard errors of a
sample's rank holds about 2 %. Where that would be too many, only every m-th row is looked at: the rank is
then right to `error`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
STANDARD_ERRORS = 5.0
MOST_KEPT_BYTES = 250_000_000
BYTES_KEPT = 16


class Quantiles:
    """Learns quantiles of columns, gaps aside.

    Args:
        scout: Some rows drawn at random, shape (rows, columns), NaN for gaps.
        shares: Which quantiles, such as 0.5.
        rows: About how many rows will come.

    Attributes:
        error: The standard error of the ranks found, as a share of the rows; 0 where they are exact.
        missed: The columns whose quantile lay outside its bracket, where the sample's own was taken.
    """

    def __init__(self, scout: Numbers, shares: tuple[float, ...], rows: int) -> None:
        self.shares = shares
        self._columns = [_Column(_known(scout[:, at]), shares) for at in range(scout.shape[1])]
        kept = rows * sum(column.width for column in self._columns) * BYTES_KEPT
        self.every = max(1, int(np.ceil(kept / MOST_KEPT_BYTES)))
        self.error = 0.0 if self.every == 1 else float(0.5 / np.sqrt(max(rows / self.every, 1)))
        self.missed: list[int] = []

    def learn(self, cells: Numbers, positions: NDArray[np.int64]) -> None:
        """Take some rows."""
        some = cells if self.every == 1 else cells[positions % self.every == 0]
        for at, column in enumerate(self._columns):
            column.learn(_known(some[:, at]))

    def found(self) -> Numbers:
        """Return the quantiles, shape (shares, columns); NaN for a column of gaps alone."""
        made = np.array([column.found() for column in self._columns], dtype=np.float64)
        self.missed = [at for at, column in enumerate(self._columns) if column.has_missed]
        return made.reshape(len(self._columns), len(self.shares)).T


class _Column:
    def __init__(self, scout: Numbers, shares: tuple[float, ...]) -> None:
        ordered = np.sort(scout)
        self.brackets = [_Bracket(ordered, share) for share in shares]
        self.rows = 0
        self.has_missed = False

    @property
    def width(self) -> float:
        return sum(bracket.width for bracket in self.brackets)

    def learn(self, known: Numbers) -> None:
        self.rows += len(known)
        for bracket in self.brackets:
            bracket.learn(known)

    def found(self) -> list[float]:
        values = [bracket.found(self.rows) for bracket in self.brackets]
        self.has_missed = any(bracket.has_missed for bracket in self.brackets)
        return values


class _Bracket:
    def __init__(self, ordered: Numbers, share: float) -> None:
        self.share, self.has_missed = share, False
        self.below, self.values, self.counts = 0, np.empty(0), np.empty(0, dtype=np.int64)
        self._waiting: list[Any] = []
        rows = len(ordered)
        self.guess = float(np.quantile(ordered, share)) if rows else np.nan
        margin = STANDARD_ERRORS * np.sqrt(share * (1 - share) * max(rows, 1)) + 2
        first, last = int(share * rows - margin), int(np.ceil(share * rows + margin))
        # A value further on either side, for a quantile may lie between two that come often.
        first = int(np.searchsorted(ordered, ordered[first], side="left")) - 1 if first > 0 else -1
        last = int(np.searchsorted(ordered, ordered[last], side="right")) if last < rows else rows
        self.low = float(ordered[first]) if first >= 0 else -np.inf
        self.high = float(ordered[last]) if last < rows else np.inf
        within = ordered[max(first, 0) : last + 1]
        self.width = len(np.unique(within)) / rows if rows else 0.0

    def learn(self, known: Numbers) -> None:
        self.below += int(np.count_nonzero(known < self.low))
        self._waiting.append(known[(known >= self.low) & (known <= self.high)])
        if sum(map(len, self._waiting)) > max(100_000, len(self.values)):
            self._merge()

    def _merge(self) -> None:
        new, counts = np.unique(np.concatenate([np.empty(0), *self._waiting]), return_counts=True)
        self._waiting = []
        values, places = np.unique(np.concatenate([self.values, new]), return_inverse=True)
        self.counts = np.bincount(
            places, np.concatenate([self.counts, counts]).astype(np.float64), minlength=len(values)
        ).astype(np.int64)
        self.values = values

    def found(self, rows: int) -> float:
        """Return numpy's default quantile: linear between the two ranks around it."""
        self._merge()
        if not rows:
            return float("nan")
        place = (rows - 1) * self.share
        first = int(np.floor(place))
        ends = self.below + np.cumsum(self.counts)
        last = min(first + 1, rows - 1)
        if first < self.below or not len(ends) or last >= ends[-1]:
            self.has_missed = True
            return self.guess
        pair = self.values[np.searchsorted(ends, [first, last], side="right")]
        return float(np.quantile(pair, place - first))


def _known(cells: Numbers) -> Numbers:
    is_gap = np.isnan(cells)
    return cells[~is_gap] if is_gap.any() else cells
