"""Levels become their rank, by how often they come or by the target's mean: one column a text."""

from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from projects.transformers.cells import Numbers, texts_of

UNKNOWN = -1.0
"""What an unseen level and a gap become."""


class OrdinalLevels(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Rank the levels of each column from 0.

    Args:
        order: `frequency` ranks the rarest 0; `target` ranks by the target's mean over the level's rows,
            the smallest 0. Labels count by their rank among the sorted labels.

    Attributes:
        ranks_: The rank of each level, a mapping for each column.
    """

    def __init__(self, order: Literal["frequency", "target"] = "frequency") -> None:
        self.order = order

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the ranks; the order `target` needs `y`."""
        if self.order not in ("frequency", "target"):
            raise ValueError(f"order must be 'frequency' or 'target', not {self.order!r}")
        texts = texts_of(self, X, reset=True)
        weights = np.ones(len(texts)) if self.order == "frequency" else _values(y)
        if len(weights) != len(texts):
            raise ValueError(f"y must have {len(texts)} values, one a row, not {len(weights)}")
        self.ranks_ = [self._ranked(column, weights) for column in texts.T]
        return self

    def transform(self, X: Any) -> Numbers:
        """Return the ranks, -1 for an unseen level or a gap."""
        check_is_fitted(self)
        texts = texts_of(self, X, reset=False)
        columns = [
            [ranks.get(text, UNKNOWN) for text in column.tolist()]
            for column, ranks in zip(texts.T, self.ranks_, strict=True)
        ]
        return np.array(columns, dtype=np.float64).reshape(texts.shape[::-1]).T

    def _ranked(self, column: Any, weights: Any) -> dict[str, float]:
        codes, levels = pd.factorize(column, sort=True)
        known = codes >= 0
        sums: Any = np.bincount(codes[known], weights=weights[known], minlength=len(levels))
        if self.order == "target":
            sums = sums / np.bincount(codes[known], minlength=len(levels))
        order = np.argsort(sums, kind="stable")
        return {str(levels[place]): float(rank) for rank, place in enumerate(order)}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = self.order == "target"
        tags.transformer_tags.preserves_dtype = []
        return tags


def _values(y: Any) -> Any:
    if y is None:
        raise ValueError("the order 'target' requires y to be passed, but the target y is None")
    if type_of_target(y) == "continuous":
        return np.asarray(y, dtype=np.float64)
    return np.unique(np.asarray(y), return_inverse=True)[1].astype(np.float64)
