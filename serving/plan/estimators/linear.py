"""Linear models as coefficients: logistic, least squares, ridge, lasso, elastic net, linear SVM."""

from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, Content, pack
from serving.plan.estimator import Entry, Indices, Matrix, Shape, Values, both_sides, sigmoid, softmax
from serving.plan.estimators.written import Written
from serving.plan.explaining.parts import Parts

WITH_PROBABILITIES = ("LogisticRegression", "LogisticRegressionCV")


class Linear:
    """Scores with `matrix @ coefficients + intercepts`.

    Args:
        coefficients: Shape (width, outputs).
        intercepts: Shape (outputs,).
        has_probabilities: Whether the scores are log odds, or mere distances.
    """

    def __init__(self, coefficients: Matrix, intercepts: Matrix, *, has_probabilities: bool) -> None:
        self._coefficients = coefficients
        self._intercepts = intercepts
        self._has_probabilities = has_probabilities

    def classify(self, matrix: Matrix) -> tuple[Indices, Values | None]:
        """Sigmoid of one output, or softmax of several, with scikit-learn's rule for the label."""
        scores = self.decide(matrix)
        if scores.shape[1] == 1:
            decision = scores[:, 0]
            indices = (decision > 0).astype(np.intp)
            return indices, both_sides(sigmoid(decision)) if self._has_probabilities else None
        return scores.argmax(axis=1), softmax(scores) if self._has_probabilities else None

    def decide(self, matrix: Matrix) -> Values:
        """The outputs as they are."""
        with np.errstate(over="ignore", under="ignore"):
            scores: Values = matrix @ self._coefficients + self._intercepts
        return scores

    def estimate(self, matrix: Matrix) -> Values:
        """The one output, as it is."""
        values: Values = self.decide(matrix)[:, 0]
        return values

    def explain_decision(self, matrix: Matrix) -> Parts:
        """Coefficient times cell."""
        base = np.broadcast_to(self._intercepts, (len(matrix), len(self._intercepts)))
        return Parts(base.copy(), matrix[:, None, :] * self._coefficients.T[None])

    def explain(self, matrix: Matrix) -> Parts:
        """The same behind the link, if there is one."""
        return self._linked(self.explain_decision(matrix))

    def explain_over(self, columns: Parts) -> Parts:
        """What a column is made of, times its coefficient, behind the link."""
        base = columns.base @ self._coefficients + self._intercepts
        return self._linked(Parts(base, np.einsum("rjc,jo->roc", columns.each, self._coefficients)))

    def _linked(self, scores: Parts) -> Parts:
        if not self._has_probabilities:
            return scores
        return scores.through(sigmoid).both_sides() if scores.base.shape[1] == 1 else scores.softmax()


def write(model: Any) -> Written:
    """Write a fitted linear model's coefficients."""
    coefficients = np.atleast_2d(model.coef_).T.astype(np.float64)
    intercepts = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64), (coefficients.shape[1],))
    content = pack(coefficients=np.ascontiguousarray(coefficients), intercepts=intercepts)
    return Written(content, {"has_probabilities": type(model).__name__ in WITH_PROBABILITIES})


def load(content: Content, options: Entry, shape: Shape) -> Linear:
    """Read what `write` wrote."""
    arrays = Arrays(content)
    return Linear(
        arrays.floats("coefficients", shape.matrix_width, shape.outputs),
        arrays.floats("intercepts", shape.outputs),
        has_probabilities=options["has_probabilities"] is True,
    )
