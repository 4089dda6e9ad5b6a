"""Gaps take the nearest known value in the order of the training rows; a served row takes a fixed one."""

from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class FillAlong(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fill gaps forward or backward.

    While fitting, a gap takes the last known value before it (`forward`) or the next one after it
    (`backward`); gaps with none on that side take the fixed value. Later rows take the fixed value alone,
    so that a row's answer never depends on the rows that it comes with.

    Args:
        direction: `forward` or `backward`.

    Attributes:
        fills_: The fixed value of each column: the last known training value for `forward`, the first
            for `backward`; 0 for a column of gaps alone, or None if it is of texts.
    """

    def __init__(self, direction: Literal["forward", "backward"] = "forward") -> None:
        self.direction = direction

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn the fixed values from the training rows."""
        if self.direction not in ("forward", "backward"):
            raise ValueError(f"direction must be 'forward' or 'backward', not {self.direction!r}")
        self._learn(self._cells(X, reset=True))
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:  # noqa: ARG002
        """Learn the fixed values and fill the training rows in their order."""
        self.fit(X)
        cells = self._cells(X, reset=False)
        frame = pd.DataFrame(cells)
        filled = frame.ffill() if self.direction == "forward" else frame.bfill()
        return self._fill(filled.to_numpy(dtype=cells.dtype, copy=True))

    def transform(self, X: Any) -> Any:
        """Fill every gap with its column's fixed value."""
        check_is_fitted(self)
        return self._fill(self._cells(X, reset=False))

    def _cells(self, X: Any, *, reset: bool) -> Any:
        cells = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite="allow-nan", copy=True)
        return cells if cells.dtype == object or cells.dtype.kind == "f" else cells.astype(np.float64)

    def _learn(self, cells: Any) -> None:
        place = -1 if self.direction == "forward" else 0
        nothing = None if cells.dtype == object else 0.0
        known = (column[~pd.isna(column)] for column in cells.T)
        self.fills_ = [column[place] if len(column) else nothing for column in known]

    def _fill(self, cells: Any) -> Any:
        for place, fill in enumerate(self.fills_):
            cells[pd.isna(cells[:, place]), place] = fill
        return cells

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags
