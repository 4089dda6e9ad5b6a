"""Scores of a regression, of rows that count with whole weights, by training's formulas."""

from dataclasses import dataclass
from typing import Any

import numpy as np

NOT_THERE = float("nan")


@dataclass(frozen=True, slots=True)
class Errors:
    """What is the same however the rows are drawn.

    Attributes:
        truth: Shape (rows,).
        errors: Truth minus prediction, likewise.
        order: The rows by rising absolute error.
    """

    truth: Any
    errors: Any
    order: Any

    @classmethod
    def of(cls, truth: Any, predictions: Any) -> "Errors":
        """Lay out some rows, both shape (rows,) and finite."""
        errors = truth - predictions
        return cls(truth, errors, np.argsort(np.abs(errors), kind="stable"))

    def scores(self, weights: Any) -> dict[str, float]:
        """Every metric that these rows allow.

        Args:
            weights: How often each row counts, whole numbers, shape (rows,).
        """
        with np.errstate(over="ignore", invalid="ignore"):
            found = self._scores(weights)
        return {name: value for name, value in found.items() if np.isfinite(value)}

    def _scores(self, weights: Any) -> dict[str, float]:
        rows, losses = weights.sum(), np.abs(self.errors)
        mse = float(weights @ self.errors**2 / rows)
        found = {
            "mse": mse,
            "rmse": float(np.sqrt(mse)),
            "mae": float(weights @ losses / rows),
            "mape": self._mape(weights, losses),
            "median_absolute_error": self._median(weights, losses),
        }
        if rows > 1:
            middle = float(weights @ self.errors / rows)
            off = float(weights @ (self.errors - middle) ** 2 / rows)
            found |= {
                "r2": self._explained(weights, mse),
                "explained_variance": self._explained(weights, off),
            }
        return {name: value for name, value in found.items() if np.isfinite(value)}

    def _explained(self, weights: Any, left: float) -> float:
        """1 minus what is left of the truth's variance; a constant truth is hit (1) or missed (0)."""
        rows, drawn = weights.sum(), self.truth[weights > 0]
        if (drawn == drawn[0]).all():
            return 1.0 if left == 0 else 0.0
        return 1 - left / float(weights @ (self.truth - weights @ self.truth / rows) ** 2 / rows)

    def _mape(self, weights: Any, losses: Any) -> float:
        sizes = np.abs(self.truth)
        if (sizes[weights > 0] < np.finfo(np.float64).eps).any():
            return NOT_THERE
        shares = np.divide(losses, sizes, out=np.zeros_like(losses), where=sizes > 0)
        return float(weights @ shares / weights.sum())

    def _median(self, weights: Any, losses: Any) -> float:
        upto = np.cumsum(weights[self.order])
        middle = [np.searchsorted(upto, rank, side="right") for rank in _middle_ranks(int(upto[-1]))]
        return float(losses[self.order[middle]].mean())


def _middle_ranks(rows: int) -> tuple[int, int]:
    return (rows - 1) // 2, rows // 2
