"""Levels become the target's mean over their rows, shrunk to the mean of all, cross-fitted while training.

The work is scikit-learn's TargetEncoder's; this bounds the number of columns where there are many classes,
and gives folds that fit few rows.
"""

from collections import Counter
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import KFold
from sklearn.preprocessing import TargetEncoder
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from projects.transformers.cells import Numbers, Texts, texts_of

NO_LEVEL = "(missing)"


class TargetLevels(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Encode levels by the target.

    Args:
        target_type: What the target is.
        folds: Of the cross-fitting in `fit_transform`.
        max_classes: The most classes with a column of their own, the most frequent first.
        random_state: For the folds.

    Attributes:
        encoder_: The fitted TargetEncoder.
        kept_: Which of its columns are given, by position.
        width_: How many columns each text gets.
    """

    def __init__(
        self,
        target_type: Literal["auto", "continuous", "binary", "multiclass"] = "auto",
        folds: int = 5,
        max_classes: int = 8,
        random_state: int | None = 0,
    ) -> None:
        self.target_type = target_type
        self.folds = folds
        self.max_classes = max_classes
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the means."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Numbers:
        """Learn the means; return each row's from the folds that do not hold it."""
        texts = _filled(texts_of(self, X, reset=True, fewest_rows=2))
        if y is None:
            raise ValueError("this encoder requires y to be passed, but the target y is None")
        folds = KFold(min(self.folds, len(texts)), shuffle=True, random_state=self.random_state)
        self.encoder_ = TargetEncoder(target_type=self.target_type, cv=folds)
        encoded = self.encoder_.fit_transform(texts, y)
        self.kept_, self.width_ = self._columns(y, texts.shape[1])
        return self._chosen(encoded)

    def transform(self, X: Any) -> Numbers:
        """Return the means; the mean of all for an unseen level."""
        check_is_fitted(self)
        return self._chosen(self.encoder_.transform(_filled(texts_of(self, X, reset=False))))

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return `COLUMN` or, for several classes, `COLUMN_CLASS`."""
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        if self.encoder_.target_type_ != "multiclass":
            return np.asarray(names, dtype=object)
        classes = self.encoder_.classes_
        every = [f"{name}_{label}" for name in names for label in classes]
        return np.array([every[place] for place in self.kept_], dtype=object)

    def _columns(self, y: Any, columns: int) -> tuple[list[int], int]:
        if self.encoder_.target_type_ != "multiclass":
            return list(range(columns)), 1
        classes = self.encoder_.classes_.tolist()
        counts = Counter(np.asarray(y).tolist())
        frequent = sorted(range(len(classes)), key=lambda place: (-counts[classes[place]], place))
        chosen = sorted(frequent[: self.max_classes])
        return [column * len(classes) + place for column in range(columns) for place in chosen], len(chosen)

    def _chosen(self, encoded: Any) -> Numbers:
        if len(self.kept_) == encoded.shape[1]:
            return np.asarray(encoded, dtype=np.float64)
        cells: Numbers = np.ascontiguousarray(encoded[:, self.kept_])
        return cells

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _filled(texts: Texts) -> Texts:
    missing = np.frompyfunc(lambda text: text is None, 1, 1)(texts).astype(bool)
    if not missing.any():
        return texts
    filled = texts.copy()
    filled[missing] = NO_LEVEL
    return filled
