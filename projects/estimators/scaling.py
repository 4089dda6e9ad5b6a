"""Columns brought to mean 0 and deviation 1 for fitting, and folded back into the first weights after it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projects.estimators.forward import ROWS_AT_ONCE, Values

LEAST_SPREAD = 1e-12
"""A deviation below this share of the mean is rounding, not spread."""


@dataclass(frozen=True)
class Scaling:
    """How columns are standardised: `(x - means) * factors`.

    Attributes:
        means: One a column.
        factors: One over the deviation; 0 for a constant column, which thereby says nothing.
    """

    means: Values
    factors: Values

    def apply(self, matrix: Values) -> NDArray[np.float32]:
        """Standardise rows into float32, holding little more than the answer."""
        scaled = np.empty(matrix.shape, dtype=np.float32)
        for at in range(0, len(matrix), ROWS_AT_ONCE):
            scaled[at : at + ROWS_AT_ONCE] = (matrix[at : at + ROWS_AT_ONCE] - self.means) * self.factors
        return scaled

    def fold(self, weights: Values, biases: Values) -> tuple[Values, Values]:
        """Return the weights, of shape (columns, outputs), and biases that take columns as they come."""
        scaled = weights * self.factors[:, None]
        return scaled, biases - self.means @ scaled


def scaling_of(matrix: Values) -> Scaling:
    """Measure each column's mean and deviation."""
    means = matrix.mean(axis=0)
    squares = np.zeros_like(means)
    for at in range(0, len(matrix), ROWS_AT_ONCE):
        squares += ((matrix[at : at + ROWS_AT_ONCE] - means) ** 2).sum(axis=0)
    spreads = np.sqrt(squares / len(matrix))
    is_constant = spreads <= LEAST_SPREAD * np.maximum(np.abs(means), 1.0)
    return Scaling(means, np.where(is_constant, 0.0, 1.0 / np.where(is_constant, 1.0, spreads)))
