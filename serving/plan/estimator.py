"""What a plan asks of an estimator, whichever format it is kept in."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
Values = NDArray[Any]


class Estimator(Protocol):
    """Scores a dense float64 matrix of shape (rows, width). Safe to call from several threads."""

    def classify(self, matrix: NDArray[np.float64]) -> tuple[Indices, Values]:
        """Return each row's class index, and the probabilities of shape (rows, classes)."""
        ...

    def estimate(self, matrix: NDArray[np.float64]) -> Values:
        """Return each row's number, shape (rows,)."""
        ...


def both_sides(positive: Values) -> Values:
    """Make the probabilities of two classes from those of the second, shape (rows,) to (rows, 2)."""
    pair = np.empty((positive.shape[0], 2), dtype=positive.dtype)
    pair[:, 1] = positive
    np.subtract(1, positive, out=pair[:, 0])
    return pair
