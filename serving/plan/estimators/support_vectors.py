"""Support vector machines with a kernel, for classes (one against one, as LIBSVM) and for numbers.

The squared distances of the radial kernel come from a matrix product, but where both rows are so long that
the product would lose their difference they come from the difference itself.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, Content, pack
from serving.plan.estimator import Entry, Indices, Matrix, Shape, Values
from serving.plan.estimators.written import Written
from serving.plan.model import PlanBroken, PlanUnsupported

MOST_BYTES = 50_000_000
BLOCK_CELLS = 1 << 20
LONG = 1e6
"""A squared length, times gamma, from which on a product of lengths loses six digits of a difference."""

KERNELS = ("linear", "rbf", "poly", "sigmoid")


@dataclass(frozen=True, slots=True)
class Kernel:
    """How alike two rows are.

    Attributes:
        name: One of `KERNELS`.
        gamma: What the product or distance is multiplied by.
        shift: Added to the product.
        degree: The power of `poly`.
    """

    name: str
    gamma: float
    shift: float
    degree: float

    def between(self, rows: Matrix, vectors: Matrix, squares: Matrix) -> Matrix:
        """Compare rows with vectors, whose squared lengths are known; shape (rows, vectors)."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            products: Matrix = rows @ vectors.T
            if self.name == "rbf":
                return self._radial(rows, vectors, squares, products)
            if self.name == "linear":
                return products
            inner = self.gamma * products + self.shift
            alike: Matrix = inner**self.degree if self.name == "poly" else np.tanh(inner)
        return alike

    def _radial(self, rows: Matrix, vectors: Matrix, squares: Matrix, products: Matrix) -> Matrix:
        lengths = np.einsum("rc,rc->r", rows, rows)
        apart = lengths[:, None] + squares - 2 * products
        for row in np.flatnonzero(~(self.gamma * lengths < LONG)):
            apart[row] = ((rows[row] - vectors) ** 2).sum(axis=1)
        alike: Matrix = np.exp(-self.gamma * np.maximum(apart, 0.0))
        return alike


class SupportVectors:
    """Answers from the support vectors.

    Args:
        vectors: Shape (vectors, width).
        weights: Each vector's weight for each pair of classes, or for the number; shape (vectors, pairs).
        intercepts: Shape (pairs,).
        kernel: How alike a row and a vector are.
        classes: How many classes there are; 0 for a regression.
        breaks_ties: Whether equal votes are decided by the sums of the pairs' decisions.
    """

    def __init__(
        self, vectors: Matrix, weights: Matrix, intercepts: Matrix, kernel: Kernel, *,
        classes: int, breaks_ties: bool,
    ) -> None:  # fmt: skip
        self._vectors, self._weights, self._intercepts = vectors, weights, intercepts
        self._kernel, self._breaks_ties = kernel, breaks_ties
        self._squares = np.einsum("rc,rc->r", vectors, vectors)
        self._pairs = list(itertools.combinations(range(classes), 2))
        self._classes = classes

    def classify(self, matrix: Matrix) -> tuple[Indices, None]:
        """The class that wins the most pairs; no probabilities."""
        pairs = self._decisions(matrix)
        votes, sums = self._tally(pairs)
        if self._breaks_ties:
            return _one_against_rest(votes, sums).argmax(axis=1), None
        return votes.argmax(axis=1), None

    def decide(self, matrix: Matrix) -> Values:
        """The decision for the second class, or the votes with the decisions' sums between them."""
        pairs = self._decisions(matrix)
        return -pairs if self._classes == 2 else _one_against_rest(*self._tally(pairs))

    def estimate(self, matrix: Matrix) -> Values:
        """The one decision."""
        return self._decisions(matrix)[:, 0]

    def _decisions(self, matrix: Matrix) -> Matrix:
        rows = max(1, BLOCK_CELLS // max(len(self._vectors), 1))
        return np.concatenate(list(self._blocks(matrix, rows)))

    def _blocks(self, matrix: Matrix, rows: int) -> Iterator[Matrix]:
        for start in range(0, len(matrix), rows):
            alike = self._kernel.between(matrix[start : start + rows], self._vectors, self._squares)
            with np.errstate(over="ignore", invalid="ignore"):
                decisions = alike @ self._weights + self._intercepts
            yield decisions

    def _tally(self, pairs: Matrix) -> tuple[Matrix, Matrix]:
        votes, sums = np.zeros((2, len(pairs), self._classes))
        for at, (first, second) in enumerate(self._pairs):
            votes[:, first] += pairs[:, at] > 0
            votes[:, second] += pairs[:, at] <= 0
            sums[:, first] += pairs[:, at]
            sums[:, second] -= pairs[:, at]
        return votes, sums


def _one_against_rest(votes: Matrix, sums: Matrix) -> Matrix:
    """Votes, and between equal ones the sums squeezed into a third, as scikit-learn does."""
    decision: Matrix = votes + sums / (3 * (np.abs(sums) + 1))
    return decision


def write(model: Any) -> Written:
    """Write a fitted SVC or SVR.

    Raises:
        PlanUnsupported: Its kernel is unknown, it has probabilities of its own, or it is too large.
    """
    classes = len(model.classes_) if hasattr(model, "classes_") else 0
    if model.kernel not in KERNELS:
        raise PlanUnsupported(f"support vectors with the kernel {model.kernel!r:.40} cannot be a plan")
    if hasattr(model, "predict_proba"):
        raise PlanUnsupported("an SVC with probability=True cannot be a plan; use CalibratedClassifierCV")
    if classes > 2 and model.decision_function_shape != "ovr":
        raise PlanUnsupported("an SVC whose decisions are one against one cannot be a plan")
    vectors = np.asarray(model.support_vectors_, dtype=np.float64)
    if vectors.nbytes > MOST_BYTES:
        raise PlanUnsupported(
            f"the support vectors take {vectors.nbytes / 1e6:.0f} MB; at most"
            f" {MOST_BYTES / 1e6:.0f} MB can be a plan"
        )
    weights = model._dual_coef_.T if not classes else _pair_weights(model, classes)
    options = {
        "kernel": model.kernel,
        "gamma": float(model._gamma),  # noqa: SLF001
        "shift": float(model.coef0),
        "degree": float(model.degree),
        "breaks_ties": bool(classes > 2 and model.break_ties),
    }
    intercepts = model._intercept_
    return Written(
        pack(vectors=vectors, weights=np.ascontiguousarray(weights), intercepts=intercepts), options
    )


def _pair_weights(model: Any, classes: int) -> Matrix:
    """LIBSVM keeps a vector's weight against each other class; here each pair of classes has a column."""
    of_class = np.repeat(np.arange(classes), model.n_support_)
    pairs = list(itertools.combinations(range(classes), 2))
    weights = np.zeros((len(of_class), len(pairs)))
    for at, (first, second) in enumerate(pairs):
        weights[of_class == first, at] = model._dual_coef_[second - 1, of_class == first]
        weights[of_class == second, at] = model._dual_coef_[first, of_class == second]
    return weights


def load(content: Content, options: Entry, shape: Shape) -> SupportVectors:
    """Read what `write` wrote."""
    arrays = Arrays(content)
    vectors = arrays.floats("vectors", None, shape.matrix_width)
    pairs = shape.classes * (shape.classes - 1) // 2 if shape.classes else 1
    gamma, shift, degree = (float(options[name]) for name in ("gamma", "shift", "degree"))
    if options["kernel"] not in KERNELS or gamma < 0 or not np.isfinite([gamma, shift, degree]).all():
        raise PlanBroken(f"there is no kernel {options['kernel']!r:.40} with gamma {gamma}")
    kernel = Kernel(options["kernel"], gamma, shift, degree)
    return SupportVectors(
        vectors,
        arrays.floats("weights", len(vectors), pairs),
        arrays.floats("intercepts", pairs),
        kernel,
        classes=shape.classes,
        breaks_ties=options["breaks_ties"] is True,
    )
