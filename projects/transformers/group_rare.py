"""Levels that few training rows have become one level, and so do levels never seen."""

from collections import Counter
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from projects.transformers.cells import Texts, texts_of

RARE = "(rare)"


class GroupRare(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Group rare levels under the text `(rare)`; a gap stays a gap.

    Args:
        min_count: The fewest training rows of a level of its own.
        max_levels: The most levels of their own, the most frequent first; None sets no bound.

    Attributes:
        levels_: The levels of their own of each column, sorted.
    """

    def __init__(self, min_count: int = 10, max_levels: int | None = None) -> None:
        self.min_count = min_count
        self.max_levels = max_levels

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn which levels are frequent."""
        texts = texts_of(self, X, reset=True)
        self.levels_ = [self._frequent(column) for column in texts.T]
        return self

    def transform(self, X: Any) -> Texts:
        """Return the texts with the rare ones replaced."""
        check_is_fitted(self)
        texts = texts_of(self, X, reset=False)
        columns = []
        for column, levels in zip(texts.T, self.levels_, strict=True):
            kept = {None, *levels}
            columns.append([text if text in kept else RARE for text in column.tolist()])
        return np.array(columns, dtype=object).reshape(texts.shape[::-1]).T

    def _frequent(self, column: Any) -> list[str]:
        counts = Counter(text for text in column.tolist() if text is not None)
        ordered = sorted(counts, key=lambda text: (-counts[text], text))
        return sorted([text for text in ordered if counts[text] >= self.min_count][: self.max_levels])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags
