"""Levels become how often other rows have them: the logarithm of one more than those.

A training row is not among its own others. Counted in, it would make every level of the training rows a known
one, and a level that is new when served a value that no training row ever had.
"""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from projects.transformers.cells import Numbers, texts_of


class LevelCounts(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Count levels; an unseen level and a gap have 0.

    Attributes:
        counts_: The logarithm for each level, a mapping for each column.
    """

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Count the levels of the training rows."""
        self.counts_ = []
        for column in texts_of(self, X, reset=True).T:
            counted = pd.Series(column, dtype=object).value_counts(sort=False)
            self.counts_.append({str(text): float(np.log1p(rows)) for text, rows in counted.items()})
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Numbers:
        """Learn the counts, and return for each training row those of the others."""
        known = self.fit(X, y).transform(X)
        return np.asarray(np.log(np.maximum(np.rint(np.expm1(known)), 1.0)))

    def transform(self, X: Any) -> Numbers:
        """Return the logarithms for rows that were not learned from."""
        check_is_fitted(self)
        texts = texts_of(self, X, reset=False)
        columns = [
            [counts.get(text, 0.0) for text in column.tolist()]
            for column, counts in zip(texts.T, self.counts_, strict=True)
        ]
        return np.array(columns, dtype=np.float64).reshape(texts.shape[::-1]).T

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags
