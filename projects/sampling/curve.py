"""How the score grows with rows: an inverse power law through scores at a few sizes, with its uncertainty.

score(n) = a - b n^-c, fitted by weighted least squares, as Figueroa, Zeng-Treitler, Kandula and Ngo,
"Predicting sample size required for classification performance", BMC Medical Informatics and Decision Making
12:8 (2012), do; the uncertainty is that of fits to scores redrawn from their own standard errors.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

EXPONENTS = np.linspace(0.1, 1.5, 29)
"""c: 0.5 is a statistical error's own; published curves lie between 0.1 and 1.5."""
REDRAWN = 300
FEWEST_ROWS, FEWEST_OF_FEW = 100, 20
"""The smallest size; of few rows it is a quarter, for there to be three, but not less than the second."""
FEWEST_POINTS = 3
LEAST_ERROR = 1e-4
"""No score of a finite test is surer than this."""


@dataclass(frozen=True)
class Point:
    """A score at a size.

    Attributes:
        rows: How many rows were learned from.
        score: The mean score; more is better.
        error: Its standard error; NaN if it is not known.
    """

    rows: int
    score: float
    error: float


@dataclass(frozen=True)
class Law:
    """score(n) = limit - gain * n^-exponent."""

    limit: float
    gain: float
    exponent: float

    def at(self, rows: float) -> float:
        """Return the score expected of so many rows."""
        return float(self.limit - self.gain * rows**-self.exponent)


@dataclass(frozen=True)
class Curve:
    """A learning curve.

    Attributes:
        points: What was measured, by rows.
        law: The law through them; None with fewer than 3 sizes, or 4 where no error is known.
        redrawn: Laws through redrawn scores: how far the law can be trusted.
    """

    points: tuple[Point, ...]
    law: Law | None
    redrawn: tuple[Law, ...]


@dataclass(frozen=True)
class Loss:
    """What the score loses by learning from a sample; in units of the score, never negative.

    Attributes:
        estimate: By the law.
        low: The 5th percentile over the redrawn laws.
        high: The 95th.
    """

    estimate: float
    low: float
    high: float


def curve_sizes(rows: int, *, count: int = 5) -> tuple[int, ...]:
    """Return sizes to measure at, each about twice the one before, up to all rows.

    >>> curve_sizes(1600)
    (100, 200, 400, 800, 1600)
    """
    fewest = min(FEWEST_ROWS, max(rows // 4, FEWEST_OF_FEW), rows)
    sizes = {max(rows // 2**step, fewest) for step in range(count)}
    return tuple(sorted(sizes))


def learning_curve(
    sizes: Sequence[int], score: Callable[[int], tuple[float, float]], *, seed: int = 0
) -> Curve:
    """Measure the score at each size and fit the law.

    Args:
        sizes: Rows to learn from.
        score: Gives the mean score and its standard error for a size; more is better, so negate an error.
        seed: For the redrawn scores.
    """
    measured = (Point(rows, *score(rows)) for rows in sorted(set(sizes)))
    return fit_curve([point for point in measured if np.isfinite(point.score)], seed=seed)


def fit_curve(points: Sequence[Point], *, seed: int = 0) -> Curve:
    """Fit the law to measured points."""
    ordered = tuple(sorted(points, key=lambda point: point.rows))
    if len(ordered) < FEWEST_POINTS:
        return Curve(ordered, None, ())
    rows = np.array([point.rows for point in ordered], dtype=np.float64)
    scores = np.array([point.score for point in ordered])
    errors = _errors(rows, scores, np.array([point.error for point in ordered]))
    if errors is None:
        return Curve(ordered, None, ())
    noise = np.random.default_rng(seed).normal(size=(REDRAWN, len(ordered))) * errors
    law = _fit(rows, scores, errors)
    return Curve(ordered, law, tuple(_fit(rows, scores + shift, errors) for shift in noise))


def estimated_loss(curve: Curve, sampled: int, all_rows: int) -> Loss | None:
    """Estimate how much better the score would be on all rows than on the sample.

    Args:
        curve: Measured on the sample.
        sampled: Rows of the sample.
        all_rows: Rows of the table.

    Returns:
        None if there are too few sizes for a law.
    """
    if curve.law is None:
        return None
    spread = [law.at(all_rows) - law.at(sampled) for law in curve.redrawn]
    low, high = np.percentile(spread, [5, 95])
    return Loss(curve.law.at(all_rows) - curve.law.at(sampled), float(low), float(high))


def _errors(rows: Any, scores: Any, told: Any) -> Any:
    """Fill unknown errors with the largest known one, else with the residuals of the law; None without."""
    known = told[np.isfinite(told)]
    if len(known):
        return np.maximum(np.where(np.isfinite(told), told, known.max()), LEAST_ERROR)
    spare = len(rows) - 3
    if spare < 1:
        return None
    law = _fit(rows, scores, np.ones(len(rows)))
    left = scores - np.array([law.at(size) for size in rows])
    return np.full(len(rows), max(float(np.sqrt((left**2).sum() / spare)), LEAST_ERROR))


def _fit(rows: Any, scores: Any, errors: Any) -> Law:
    """Fit a and b for each exponent in closed form, and take the exponent with the least squared error.

    A gain below zero (scores that fall with rows) is none: the law is then the mean score.
    """
    weights = 1 / errors**2
    features = rows[None, :] ** -EXPONENTS[:, None]
    mean_feature = features @ weights / weights.sum()
    mean_score = float(scores @ weights / weights.sum())
    centred = features - mean_feature[:, None]
    slopes = (centred * (scores - mean_score)) @ weights / (centred**2 @ weights)
    gains = np.maximum(-slopes, 0.0)
    limits = mean_score + gains * mean_feature
    left = (scores - limits[:, None] + gains[:, None] * features) ** 2 @ weights
    best = int(np.argmin(left))
    return Law(float(limits[best]), float(gains[best]), float(EXPONENTS[best]))
