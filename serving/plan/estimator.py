"""What a plan asks of a model, whichever format it is kept in, and of models made of models.

A source is what a model scores: a dense float64 matrix of shape (rows, width) for an estimator, a batch of
rows for a pipeline. A model made of models hands its source on, whichever it is. All are safe to call from
several threads.
"""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from serving.plan.model import PlanBroken

Indices = NDArray[np.intp]
Matrix = NDArray[np.float64]
Values = NDArray[Any]
Source = Any
Entry = dict[str, Any]


@runtime_checkable
class Classifier(Protocol):
    """Answers classes."""

    def classify(self, source: Source) -> tuple[Indices, Values | None]:
        """Return each row's class index, and the probabilities of shape (rows, classes) if it has any."""
        ...


@runtime_checkable
class Decider(Protocol):
    """Answers a decision function."""

    def decide(self, source: Source) -> Values:
        """Return what scikit-learn's `decision_function` does, of shape (rows, 1) or (rows, classes)."""
        ...


@runtime_checkable
class Regressor(Protocol):
    """Answers numbers."""

    def estimate(self, source: Source) -> Values:
        """Return each row's number, shape (rows,)."""
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model must fit, known from what holds it.

    Attributes:
        width: The matrix's columns; None where the source is a batch of rows.
        classes: How many classes it tells apart; 0 for a regression.
    """

    width: int | None
    classes: int

    @property
    def matrix_width(self) -> int:
        """The width of the matrix.

        Raises:
            PlanBroken: The source is a batch of rows.
        """
        if self.width is None:
            raise PlanBroken("an estimator must stand in a pipeline, which makes its matrix")
        return self.width

    @property
    def outputs(self) -> int:
        """How many scores a model has that keeps one for two classes."""
        return 1 if self.classes in (0, 2) else self.classes


def classifier(node: object) -> Classifier:
    """Return the model as one that answers classes.

    Raises:
        PlanBroken: It is none.
    """
    if not isinstance(node, Classifier):
        raise PlanBroken(f"a classifier is wanted here, not {type(node).__name__}")
    return node


def decider(node: object) -> Decider:
    """Return the model as one that answers a decision function.

    Raises:
        PlanBroken: It is none.
    """
    if not isinstance(node, Decider):
        raise PlanBroken(f"a model with a decision function is wanted here, not {type(node).__name__}")
    return node


def regressor(node: object) -> Regressor:
    """Return the model as one that answers numbers.

    Raises:
        PlanBroken: It is none.
    """
    if not isinstance(node, Regressor):
        raise PlanBroken(f"a regressor is wanted here, not {type(node).__name__}")
    return node


def shares(node: Classifier, source: Source) -> Values:
    """Return a classifier's probabilities.

    Raises:
        PlanBroken: It has none.
    """
    probabilities = node.classify(source)[1]
    if probabilities is None:
        raise PlanBroken(f"{type(node).__name__} has no probabilities")
    return probabilities


def both_sides(positive: Values) -> Values:
    """Make the probabilities of two classes from those of the second, shape (rows,) to (rows, 2)."""
    pair = np.empty((positive.shape[0], 2), dtype=positive.dtype)
    pair[:, 1] = positive
    np.subtract(1, positive, out=pair[:, 0])
    return pair


def softmax(scores: Values) -> Values:
    """Make probabilities of scores of shape (rows, classes), as scikit-learn does."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: Values = weights / weights.sum(axis=1, keepdims=True)
    return probabilities


def sigmoid(scores: Values) -> Values:
    """Make probabilities of scores; what overflows is 0."""
    with np.errstate(over="ignore", under="ignore"):
        probabilities: Values = 1.0 / (1.0 + np.exp(-scores))
    return probabilities
