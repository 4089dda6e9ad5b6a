"""Linear models as coefficients: logistic regression (binary and multinomial) and ridge regression."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.plan.estimator import Indices, Values, both_sides

FILE = "linear.npz"


class Linear:
    """Scores with `matrix @ coefficients + intercepts`.

    Args:
        coefficients: Shape (width, outputs).
        intercepts: Shape (outputs,).
    """

    def __init__(self, coefficients: NDArray[np.float64], intercepts: NDArray[np.float64]) -> None:
        self._coefficients = coefficients
        self._intercepts = intercepts

    def classify(self, matrix: NDArray[np.float64]) -> tuple[Indices, Values]:
        """Sigmoid of one output, or softmax of several, with scikit-learn's rule for the label."""
        with np.errstate(over="ignore", under="ignore"):
            scores = matrix @ self._coefficients + self._intercepts
            if scores.shape[1] == 1:
                decision = scores[:, 0]
                return (decision > 0).astype(np.intp), both_sides(1.0 / (1.0 + np.exp(-decision)))
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            return scores.argmax(axis=1), weights / weights.sum(axis=1, keepdims=True)

    def estimate(self, matrix: NDArray[np.float64]) -> Values:
        """The one output, as it is."""
        values: Values = (matrix @ self._coefficients + self._intercepts)[:, 0]
        return values


def write(model: Any, folder: Path) -> str:
    """Write a fitted LogisticRegression's or Ridge's coefficients; return the file's name."""
    coefficients = np.atleast_2d(model.coef_).T.astype(np.float64)
    intercepts = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64), (coefficients.shape[1],))
    np.savez(folder / FILE, coefficients=coefficients, intercepts=intercepts)
    return FILE


def load(path: Path) -> Linear:
    """Read what `write` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return Linear(
            np.ascontiguousarray(arrays["coefficients"]), np.ascontiguousarray(arrays["intercepts"])
        )
