"""Nearest neighbours by brute force, exact: a matrix product finds a few candidates, differences rank them.

The training rows are the model. Of rows equally far the one stored first is nearer; they are stored in the
order in which scikit-learn would meet them.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, Content, pack
from serving.plan.estimator import Entry, Indices, Matrix, Shape, Values
from serving.plan.estimators.written import Written
from serving.plan.model import PlanBroken, PlanUnsupported

MOST_BYTES = 50_000_000
"""The largest table of neighbours that a plan carries: one row is compared with it in about 10 ms."""

BLOCK_CELLS = 1 << 21
"""About so many distances are held at a time (16 MB)."""

SPARE = 8
"""So many candidates beyond those needed are ranked again by exact distances."""


class Neighbours:
    """Answers with the nearest training rows.

    Args:
        rows: The training rows; shape (rows, width).
        answers: Their class indices or numbers; shape (rows,).
        count: How many neighbours answer.
        power: 1 for the sum of absolute differences, 2 for Euclid's distance.
        is_weighted: Whether a neighbour counts by the inverse of its distance.
        classes: How many classes there are; 0 for a regression.
    """

    def __init__(
        self, rows: Matrix, answers: Values, *, count: int, power: int, is_weighted: bool, classes: int
    ) -> None:
        self._rows, self._answers, self._classes = rows, answers, classes
        self._count, self._power, self._is_weighted = count, power, is_weighted
        self._several = min(count + SPARE, len(rows))
        self._squares = np.einsum("rc,rc->r", rows, rows)

    def classify(self, matrix: Matrix) -> tuple[Indices, Values]:
        """The neighbours' shares of the classes."""
        blocks = [self._shares(places, weights) for places, weights in self._blocks(matrix)]
        shares = np.concatenate(blocks)
        return shares.argmax(axis=1), shares

    def estimate(self, matrix: Matrix) -> Values:
        """The neighbours' mean."""
        return np.concatenate(
            [
                self._answers[places].mean(axis=1)
                if weights is None
                else (self._answers[places] * weights).sum(axis=1) / weights.sum(axis=1)
                for places, weights in self._blocks(matrix)
            ]
        )

    def _shares(self, places: Indices, weights: Values | None) -> Matrix:
        shares = np.zeros((len(places), self._classes))
        classes, rows = self._answers[places], np.arange(len(places))
        for at in range(self._count):
            shares[rows, classes[:, at]] += 1.0 if weights is None else weights[:, at]
        normed: Matrix = shares / shares.sum(axis=1, keepdims=True)
        return normed

    def _blocks(self, matrix: Matrix) -> Iterator[tuple[Indices, Values | None]]:
        wide = 1 if self._power == 2 else self._rows.shape[1]
        size = max(1, BLOCK_CELLS // (len(self._rows) * wide))
        for start in range(0, len(matrix), size):
            places, far = self._nearest(matrix[start : start + size])
            yield places, _weights(far) if self._is_weighted else None

    def _nearest(self, block: Matrix) -> tuple[Indices, Matrix]:
        """The nearest rows, nearest first, and how far they are."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self._power == 2:
                rough = (-2.0 * block) @ self._rows.T
                rough += self._squares
            else:
                rough = np.abs(block[:, None, :] - self._rows).sum(axis=2)
            chosen = np.argpartition(rough, self._several - 1, axis=1)[:, : self._several]
            apart = block[:, None, :] - self._rows[chosen]
            far = np.einsum("rnc,rnc->rn", apart, apart) if self._power == 2 else np.abs(apart).sum(axis=2)
        order = np.lexsort((chosen, far), axis=1)[:, : self._count]
        nearest = np.take_along_axis(far, order, axis=1)
        return np.take_along_axis(chosen, order, axis=1), np.sqrt(nearest) if self._power == 2 else nearest


def _weights(far: Matrix) -> Matrix:
    """The inverse of distances; rows at no distance are the only ones that count."""
    with np.errstate(divide="ignore"):
        weights = 1.0 / far
    same = np.isinf(weights)
    weights[same.any(axis=1)] = same[same.any(axis=1)]
    return weights


def write(model: Any) -> Written:
    """Write a fitted KNeighbors model.

    Raises:
        PlanUnsupported: Its distance or weights are unknown, or its training rows are too many.
    """
    power = {"euclidean": 2, "l2": 2, "manhattan": 1, "l1": 1, "cityblock": 1, "minkowski": model.p}.get(
        model.metric
    )
    if power not in (1, 2) or model.metric_params or model.weights not in ("uniform", "distance"):
        raise PlanUnsupported("neighbours by a distance or weights of their own cannot be a plan")
    rows, answers = np.asarray(model._fit_X, dtype=np.float64), np.asarray(model._y)  # noqa: SLF001
    if rows.nbytes > MOST_BYTES:
        raise PlanUnsupported(
            f"the neighbours are a table of {rows.nbytes / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB can"
            " be a plan"
        )
    if answers.ndim != 1:
        raise PlanUnsupported("neighbours for several targets at once cannot be a plan")
    if model._tree is not None:  # noqa: SLF001
        order = np.asarray(model._tree.get_arrays()[1])  # noqa: SLF001
        rows, answers = rows[order], answers[order]
    kind = np.int64 if hasattr(model, "classes_") else np.float64
    options = {
        "count": int(model.n_neighbors),
        "power": int(power),
        "is_weighted": model.weights == "distance",
        "classes": len(model.classes_) if hasattr(model, "classes_") else 0,
    }
    return Written(pack(rows=np.ascontiguousarray(rows), answers=answers.astype(kind)), options)


def load(content: Content, options: Entry, shape: Shape) -> Neighbours:
    """Read what `write` wrote."""
    arrays = Arrays(content)
    rows = arrays.floats("rows", None, shape.matrix_width)
    count, power = int(options["count"]), int(options["power"])
    if not 1 <= count <= len(rows) or power not in (1, 2) or options["classes"] != shape.classes:
        raise PlanBroken(
            f"{count} neighbours of {len(rows)} rows with power {power} cannot tell {shape.classes} classes"
            " apart"
        )
    return Neighbours(
        rows,
        arrays.integers("answers", len(rows), low=0, high=shape.classes)
        if shape.classes
        else arrays.floats("answers", len(rows)),
        count=count,
        power=power,
        is_weighted=options["is_weighted"] is True,
        classes=shape.classes,
    )
