"""The matrix of each fold and style, prepared once and learned from by every configuration.

Preparing columns takes as long as many a fit, and depends on the fold and the style alone.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from projects.learning.candidates.candidate import Style
from projects.learning.compare import Rows

Prepare = Callable[[Style], list[tuple[str, Any]]]
"""Makes the unfitted steps before the model for a style."""
Values = NDArray[Any]
MOST_BYTES = 800_000_000


@dataclass(frozen=True)
class Fold:
    """One fold as a model sees it.

    Attributes:
        X: Of the rows to fit on, shape (rows, width).
        y: Their codes or numbers.
        X_score: Of the rows to score on.
        y_score: Their codes or numbers.
        names: The matrix's columns.
        steps: What prepared it, fitted on the rows to fit on.
    """

    X: Values
    y: Values
    X_score: Values
    y_score: Values
    names: tuple[str, ...]
    steps: Pipeline

    @property
    def size_bytes(self) -> int:
        """What it holds."""
        return int(self.X.nbytes + self.X_score.nbytes)


class Matrices:
    """Makes folds when they are asked for, and keeps the latest up to a bound. Safe for threads.

    Args:
        rows: What is folded.
        codes: The truth as codes of classes, or numbers.
        prepare: Makes the steps of a style.
        are_cheap: Whether what is dear in preparing was done beforehand, so that a sample is of a whole fold.
        most_bytes: What is kept.
        clock: Seconds, monotonic.

    Attributes:
        widths: How many columns a style's matrix had, once made.
        seconds_a_row: How long preparing a row to fit on took, by style.
    """

    def __init__(
        self,
        rows: Rows,
        codes: Values,
        prepare: Prepare,
        *,
        are_cheap: bool = False,
        most_bytes: float = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.are_cheap = are_cheap
        self.rows, self.codes, self.prepare = rows, codes, prepare
        self.widths: dict[Style, int] = {}
        self.seconds_a_row: dict[Style, float] = {}
        self._most_bytes, self._clock = most_bytes, clock
        self._kept: OrderedDict[tuple[Style, int], Fold] = OrderedDict()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the folds that were made: who gets a copy makes those it needs."""
        return {name: value for name, value in vars(self).items() if name not in ("_kept", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a copy's state, with a bound and a lock of its own."""
        vars(self).update(state)
        self._kept, self._lock = OrderedDict(), threading.Lock()

    def keep_at_most(self, most_bytes: float) -> None:
        """Keep no more than so much from now on."""
        self._most_bytes = min(self._most_bytes, most_bytes)

    def fold(self, style: Style, number: int) -> Fold:
        """Return a fold's matrices in a style."""
        key = (style, number)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._make(style, number)
                while len(self._kept) > 1 and self._bytes() > self._most_bytes:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def sample(self, style: Style, rows: int, seed: int) -> Fold:
        """Prepare so many rows of the first fold to fit on, and as many to score on; they are not kept."""
        fit_at, score_at = self.rows.folds[0]
        if self.are_cheap:
            return _some_of(self.fold(style, 0), rows, seed)
        fit_at = fit_at[some(self.codes[fit_at], rows, seed)]
        score_at = score_at[some(self.codes[score_at], rows, seed)]
        return self._prepared(style, fit_at, score_at)

    def clear(self) -> None:
        """Let all of them go."""
        with self._lock:
            self._kept.clear()

    def _bytes(self) -> int:
        return sum(fold.size_bytes for fold in self._kept.values())

    def _make(self, style: Style, number: int) -> Fold:
        started = self._clock()
        made = self._prepared(style, *self.rows.folds[number])
        self.widths[style] = made.X.shape[1]
        self.seconds_a_row[style] = (self._clock() - started) / len(made.y)
        return made

    def _prepared(self, style: Style, fit_at: Values, score_at: Values) -> Fold:
        y, y_score = self.codes[fit_at], self.codes[score_at]
        steps = Pipeline(self.prepare(style))
        X = as_matrix(steps.fit_transform(self.rows.X.iloc[fit_at], y))
        X_score = as_matrix(steps.transform(self.rows.X.iloc[score_at]))
        return Fold(X, y, X_score, y_score, names_of(steps, X.shape[1]), steps)


def _some_of(fold: Fold, rows: int, seed: int) -> Fold:
    at, score_at = some(fold.y, rows, seed), some(fold.y_score, rows, seed)
    return replace(
        fold, X=fold.X[at], y=fold.y[at], X_score=fold.X_score[score_at], y_score=fold.y_score[score_at]
    )


def as_matrix(made: Any) -> Values:
    """Return what a preparation made as a dense float64 matrix."""
    return np.ascontiguousarray(made, dtype=np.float64)


def names_of(steps: Pipeline, width: int) -> tuple[str, ...]:
    """Return the names of the columns that fitted steps make, or numbers where they have none."""
    try:
        return tuple(str(name) for name in steps.get_feature_names_out())
    except (AttributeError, ValueError, TypeError):
        return tuple(str(number) for number in range(width))


def some(y: Values, rows: int, seed: int) -> Values:
    """Draw at most so many positions, in order; of codes, two rows of each class where there are."""
    if len(y) <= rows:
        return np.arange(len(y))
    drawn = np.random.default_rng(seed).permutation(len(y))
    if y.dtype.kind in "iu":
        firsts = [np.flatnonzero(y[drawn] == code)[:2] for code in np.unique(y)]
        first = drawn[np.concatenate(firsts)]
        drawn = np.concatenate([first, drawn[~np.isin(drawn, first)]])
    return np.sort(drawn[:rows])


def codes_of(y: Any, classes: Sequence[Any] | None) -> Values:
    """Return labels as codes 0..k-1 in the order of the classes, or numbers as float64."""
    if classes is None:
        return np.asarray(y, dtype=np.float64)
    labels = np.array(classes, dtype=np.asarray(y).dtype)
    codes: Values = np.searchsorted(labels, y).astype(np.int64)
    return codes
