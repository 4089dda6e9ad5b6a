"""Numbers beyond the bounds learned from the training rows are pulled to the bound; gaps stay gaps."""

import warnings
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from projects.transformers.cells import Numbers, numbers_of


class ClipOutliers(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Pull outliers to a bound.

    Args:
        method: `iqr` sets the bounds `threshold` interquartile ranges below the first and above the third
            quartile (Tukey's fences), `zscore` sets them `threshold` standard deviations from the mean,
            `none` sets none.
        threshold: How far out an outlier begins.

    Attributes:
        lower_: The lower bound of each column.
        upper_: The upper bound of each column.
    """

    def __init__(self, method: Literal["iqr", "zscore", "none"] = "iqr", threshold: float = 3.0) -> None:
        self.method = method
        self.threshold = threshold

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn the bounds from the training rows."""
        if self.method not in ("iqr", "zscore", "none"):
            raise ValueError(f"method must be 'iqr', 'zscore' or 'none', not {self.method!r}")
        numbers = numbers_of(self, X, reset=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a column of gaps alone gets no bound
            lower, upper = _bounds(numbers, self.method, self.threshold)
        self.lower_ = np.where(np.isfinite(lower), lower, -np.inf)
        self.upper_ = np.where(np.isfinite(upper), upper, np.inf)
        return self

    def transform(self, X: Any) -> Numbers:
        """Return the numbers within the bounds."""
        check_is_fitted(self)
        clipped: Numbers = np.clip(numbers_of(self, X, reset=False), self.lower_, self.upper_)
        return clipped

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _bounds(numbers: Numbers, method: str, threshold: float) -> tuple[Any, Any]:
    if method == "iqr":
        first, third = np.nanquantile(numbers, [0.25, 0.75], axis=0)
        reach = _some(threshold * (third - first))
        return first - reach, third + reach
    if method == "zscore":
        mean, reach = np.nanmean(numbers, axis=0), _some(threshold * np.nanstd(numbers, axis=0))
        return mean - reach, mean + reach
    nowhere = np.full(numbers.shape[1], np.inf)
    return -nowhere, nowhere


def _some(reach: Any) -> Any:
    """Set no bound where most values are one: every other value would be pulled to it."""
    return np.where(reach > 0, reach, np.inf)
