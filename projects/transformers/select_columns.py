"""The columns that matter are kept, by their own names: those of the table, not those of the matrix.

Every column is judged as one column of numbers: gaps by their median, dates by their age, texts by the
target's cross-fitted mean (for several classes: the main direction in which the classes' shares vary). So a
text column with a hundred one-hot columns stays or goes as a whole, and a served row needs none of the
columns that went.
"""

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from projects.transformers.cells import Numbers, as_texts, frame_of
from projects.transformers.date_parts import part_of, read_date
from projects.transformers.relevance import METHODS, relevance
from projects.transformers.target_levels import TargetLevels

FEWEST = 10
MOST_ROWS = 20_000
DATE_SHARE = 0.9


class SelectColumns(SelectorMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Keep the `n_features` columns that matter most.

    Args:
        method: `correlation` (absolute Pearson), `mutual_info`, `statistical` (F test: ANOVA for classes,
            regression else), `tree_importance` (a random forest's) or `rfe` (recursive elimination by it).
        n_features: How many are kept; None keeps half, at least 10.
        task: `auto` takes a target of texts, booleans or few whole numbers for classes.
        keep: Columns that stay whatever they score, beside the `n_features`: free text, whose cells hardly
            ever repeat, cannot be judged as one column of numbers.
        random_state: For forests, folds and the sample of at most MOST_ROWS rows to judge by.

    Attributes:
        feature_importance_: What the method says of each column, by name; larger matters more.
        support_: Which columns are kept.
    """

    def __init__(
        self,
        method: Literal[
            "correlation", "mutual_info", "rfe", "tree_importance", "statistical"
        ] = "mutual_info",
        n_features: int | None = None,
        task: Literal["auto", "classification", "regression"] = "auto",
        keep: Sequence[str] = (),
        random_state: int | None = 0,
    ) -> None:
        self.method = method
        self.n_features = n_features
        self.task = task
        self.keep = keep
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Judge the columns on the training rows."""
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {self.method!r}")
        frame = frame_of(self, X, reset=True)
        if y is None:
            raise ValueError(
                "columns are judged by y: this requires y to be passed, but the target y is None"
            )
        truth, is_classes = self._truth(y)
        if len(truth) != len(frame):
            raise ValueError(f"y must have {len(frame)} values, one a row, not {len(truth)}")
        if len(frame) < 2:
            raise ValueError("columns cannot be judged by 1 sample; two are needed at least")
        at = self._sampled(len(frame))
        columns = self._as_numbers(frame.iloc[at], truth[at], is_classes=is_classes)
        wanted = min(self.n_features or max(FEWEST, (frame.shape[1] + 1) // 2), frame.shape[1])
        scores = relevance(
            columns, truth[at], method=self.method, is_classes=is_classes, n_features=wanted,
            seed=self.random_state,
        )  # fmt: skip
        self.feature_importance_ = {
            str(name): float(score) for name, score in zip(frame.columns, scores, strict=True)
        }
        stays = np.isin(frame.columns.astype(str), list(self.keep))
        judged = np.flatnonzero(~stays)
        best = judged[np.argsort(-scores[judged], kind="stable")[:wanted]]
        self.support_ = stays | np.isin(np.arange(frame.shape[1]), best)
        return self

    def transform(self, X: Any) -> Any:
        """Return the kept columns: a frame for a frame, an array for an array."""
        check_is_fitted(self)
        frame = frame_of(self, X, reset=False)
        kept = frame.loc[:, self.support_]
        return kept if isinstance(X, pd.DataFrame) else kept.to_numpy()

    def _get_support_mask(self) -> Any:
        check_is_fitted(self)
        return self.support_

    def _truth(self, y: Any) -> tuple[Any, bool]:
        """The target as class numbers or floats, and whether it is classes."""
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if self.task == "classification" or (self.task == "auto" and kind in ("binary", "multiclass")):
            return np.unique(np.asarray(y), return_inverse=True)[1].ravel(), True
        return np.asarray(y, dtype=np.float64).ravel(), False

    def _sampled(self, rows: int) -> Any:
        if rows <= MOST_ROWS:
            return np.arange(rows)
        return np.sort(np.random.default_rng(self.random_state).choice(rows, MOST_ROWS, replace=False))

    def _as_numbers(self, frame: pd.DataFrame, truth: Any, *, is_classes: bool) -> Numbers:
        return np.column_stack(
            [self._one(frame.iloc[:, place], truth, is_classes=is_classes) for place in range(frame.shape[1])]
        )

    def _one(self, column: "pd.Series[Any]", truth: Any, *, is_classes: bool) -> Numbers:
        if column.dtype.kind in "fiub":
            return _known(column.to_numpy(dtype=np.float64))
        texts = as_texts(column.to_numpy(dtype=object))
        ages = _ages(texts)
        if ages is not None:
            return _known(ages)
        kind: Any = ("binary" if len(np.unique(truth)) == 2 else "multiclass") if is_classes else "continuous"
        means = TargetLevels(kind, random_state=self.random_state).fit_transform(texts.reshape(-1, 1), truth)
        return means[:, 0] if means.shape[1] == 1 else _main_direction(means)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _known(numbers: Numbers) -> Numbers:
    gaps = np.isnan(numbers)
    if gaps.all():
        return np.zeros(len(numbers))
    return np.where(gaps, np.nanmedian(numbers), numbers)


def _ages(texts: Any) -> Numbers | None:
    """Ages in days if nearly all texts are dates, else None."""
    codes, distinct = pd.factorize(texts)
    moments = [read_date(text) for text in distinct]
    known = [moment for moment in moments if moment is not None]
    if not known or len(known) < DATE_SHARE * len(moments):
        return None
    newest = max(known)
    ages = [np.nan if moment is None else part_of(moment, "age_days", newest) for moment in moments]
    return np.array([*ages, np.nan])[codes]


def _main_direction(means: Numbers) -> Numbers:
    centred = means - means.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    along: Numbers = centred @ directions[0]
    return along
