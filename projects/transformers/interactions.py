"""Pairs of columns that say more together: found on training rows by what they explain beyond the columns.

A small forest first explains the target by the columns as they are, out of fold. What it leaves over is
what a candidate pair must explain: its gain is the share of the left-over's variance between the candidate's
bins, less what as many random bins would explain. A bounded number of pairs with the largest gains is kept.
"""

from itertools import combinations
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from projects.transformers.cells import Numbers, as_texts, frame_of
from projects.transformers.derivations import Definition, derived
from projects.transformers.derive import added

NUMBER_KINDS = {"product": "*", "ratio": "/", "difference": "-"}
MOST_COLUMNS = 8
"""Columns of each kind that are paired: 28 pairs."""
MOST_LEVELS = 20
BINS = 10
MOST_ROWS = 5_000
SMALLEST_GAIN = 0.005
"""Of the left-over's variance; smaller gains were noise on shuffled targets."""


class Interactions(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Add the products, ratios, differences and crosses with the largest gains.

    Args:
        most: The most columns added.
        columns: Which columns may be paired; None pairs all.
        random_state: For the forest, its folds and the sample of rows.

    Attributes:
        definitions_: What is added, as in `derivations`; the largest gain first.
        gains_: The gain of each.
    """

    def __init__(
        self, most: int = 5, columns: tuple[str, ...] | None = None, random_state: int | None = 0
    ) -> None:
        self.most = most
        self.columns = columns
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Find the pairs."""
        frame = frame_of(self, X, reset=True)
        if y is None:
            raise ValueError(
                "interactions are found by y: this requires y to be passed, but the target y is None"
            )
        values = _as_values(y)
        if len(values) != len(frame):
            raise ValueError(f"y must have {len(frame)} values, one a row, not {len(values)}")
        at = self._sampled(len(frame))
        frame, values = frame.iloc[at].reset_index(drop=True), values[at]
        found: list[tuple[float, Definition]] = []
        if len(frame) >= 10 * BINS and self.most > 0:
            found = self._found(frame, values)
        kept = sorted(found, key=lambda pair: (-pair[0], pair[1]["name"]))[: self.most]
        self.definitions_ = [dict(each) for _, each in kept]
        self.gains_ = [gain for gain, _ in kept]
        return self

    def transform(self, X: Any) -> Any:
        """Return the columns and the new ones: a frame for a frame, an array for an array."""
        check_is_fitted(self)
        return added(self.definitions_, frame_of(self, X, reset=False), X)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the columns' names and the new ones'."""
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.array([*names, *(each["name"] for each in self.definitions_)], dtype=object)

    def _sampled(self, rows: int) -> Any:
        if rows <= MOST_ROWS:
            return np.arange(rows)
        chosen = np.random.default_rng(self.random_state).choice(rows, MOST_ROWS, replace=False)
        return np.sort(chosen)

    def _found(self, frame: pd.DataFrame, values: Numbers) -> list[tuple[float, Definition]]:
        left = self._left_over(frame, values)
        bins = {str(name): _binned(frame[name]) for name in frame.columns}
        allowed = [str(name) for name in frame.columns if self.columns is None or name in self.columns]
        single = {name: _explained(bins[name], values) for name in allowed}
        ordered = sorted(allowed, key=lambda name: (-single[name], name))
        numbers = [name for name in ordered if frame[name].dtype.kind in "fiub"][:MOST_COLUMNS]
        texts = [
            name
            for name in ordered
            if frame[name].dtype.kind not in "fiub" and frame[name].nunique() <= MOST_LEVELS
        ]
        found = []
        for definition in _candidates(numbers, texts[:MOST_COLUMNS], set(map(str, frame.columns))):
            gain = _explained(_binned(pd.Series(derived(definition, frame))), left)
            if gain >= SMALLEST_GAIN:
                found.append((gain, definition))
        return found

    def _left_over(self, frame: pd.DataFrame, values: Numbers) -> Numbers:
        plain = np.column_stack([_plain(frame[name]) for name in frame.columns])
        forest = ExtraTreesRegressor(30, min_samples_leaf=5, max_features=0.5, random_state=self.random_state)
        folds = KFold(3, shuffle=True, random_state=self.random_state)
        told = cross_val_predict(forest, plain, values.squeeze(), cv=folds)
        left: Numbers = values - told.reshape(values.shape)
        return left

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def pair_definitions(left: str, right: str, *, kind: str) -> list[Definition]:
    """Return what two columns of a kind are made into.

    Args:
        left: The first column.
        right: The second one.
        kind: `numbers` make a product, a ratio and a difference, `texts` a cross, `dates` the days between.
    """
    if kind == "texts":
        return [{"name": f"{left} & {right}", "kind": "cross", "columns": [left, right]}]
    if kind == "dates":
        return [{"name": f"{left} - {right}", "kind": "days_between", "columns": [left, right]}]
    return [
        {"name": f"{left} {mark} {right}", "kind": made, "columns": [left, right]}
        for made, mark in NUMBER_KINDS.items()
    ]


def _candidates(numbers: list[str], texts: list[str], there: set[str]) -> list[Definition]:
    pairs = [
        definition
        for kind, names in (("numbers", numbers), ("texts", texts))
        for left, right in combinations(names, 2)
        for definition in pair_definitions(left, right, kind=kind)
    ]
    return [definition for definition in pairs if definition["name"] not in there]


def _as_values(y: Any) -> Numbers:
    """The target as columns of numbers: itself, or one indicator a class."""
    if type_of_target(y) == "continuous":
        return np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    labels, codes = np.unique(np.asarray(y), return_inverse=True)
    if labels.dtype.kind in "iuf" and len(labels) > MOST_LEVELS:  # whole numbers of a regression
        return np.asarray(y, dtype=np.float64).reshape(-1, 1)
    indicators: Numbers = np.eye(len(labels))[codes.ravel()]
    return indicators


def _plain(column: "pd.Series[Any]") -> Numbers:
    if column.dtype.kind in "fiub":
        numbers = column.to_numpy(dtype=np.float64)
        known = numbers[~np.isnan(numbers)]
        return np.where(np.isnan(numbers), np.median(known) if len(known) else 0.0, numbers)
    return pd.factorize(as_texts(column.to_numpy(dtype=object)), sort=True)[0].astype(np.float64)


def _binned(column: "pd.Series[Any]") -> Any:
    """Put the cells into bins of about equal size, or levels; gaps are a bin of their own, 0."""
    if column.dtype.kind not in "fiub":
        return pd.factorize(column)[0] + 1
    numbers = column.to_numpy(dtype=np.float64)
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return np.zeros(len(numbers), dtype=int)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(np.isnan(numbers), 0, np.searchsorted(edges, numbers, side="right") + 1)


def _explained(bins: Any, values: Numbers) -> float:
    """The share of variance between bins, adjusted for their number; the largest over the columns."""
    counts = np.bincount(bins)
    rows, used = len(bins), int((counts > 0).sum())
    if rows <= used or used < 2:
        return 0.0
    best = 0.0
    for column in (values - values.mean(axis=0)).T:
        total = float(column @ column)
        sums = np.bincount(bins, weights=column)
        between = float(np.sum(np.divide(sums**2, counts, where=counts > 0, out=np.zeros(len(counts)))))
        if total > 0:
            best = max(best, 1 - (1 - between / total) * (rows - 1) / (rows - used))
    return best
