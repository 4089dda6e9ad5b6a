"""How far two samples of one distribution lie apart by chance alone, given how many rows each has.

The two sides are drawn again and again from what both have in common, and the distances that come of it give
each distance its p-value. Beyond the draws the tail is taken as exponential, which is wider than that of a
normal one: a rare outlier in a column of few rows must not look impossible.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

DRAWS = 1_000
TAIL = 0.05
"""The share of the draws that the tail is fitted to."""
CELLS = 192
FARTHEST_LOGIT = 11.5
"""The cells reach to probabilities of 0.00001 on either side."""

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


class Chance(Protocol):
    """What a distance means for these two samples."""

    def p_value(self, distance: float) -> float:
        """How often chance alone brings at least this distance."""

    def distance_at(self, level: float) -> float:
        """The distance that chance reaches with this probability, at most `TAIL`."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Distances that chance brought, in ascending order, and their exponential tail."""

    distances: Floats
    start: float
    slope: float

    @classmethod
    def of(cls, distances: Floats) -> "Drawn":
        """Fit the tail to the largest of the distances."""
        ascending = np.sort(distances)
        start = float(np.quantile(ascending, 1 - TAIL))
        beyond = ascending[ascending > start] - start
        return cls(ascending, start, float(beyond.mean()) if len(beyond) else 0.0)

    def p_value(self, distance: float) -> float:
        """How often chance alone brings at least this distance."""
        if distance <= self.start:
            reached = len(self.distances) - int(np.searchsorted(self.distances, distance, side="left"))
            return (reached + 1) / (len(self.distances) + 1)
        return TAIL * float(np.exp(-(distance - self.start) / self.slope)) if self.slope else 0.0

    def distance_at(self, level: float) -> float:
        """The distance that chance reaches with this probability, at most `TAIL`."""
        return self.start + self.slope * float(np.log(TAIL / level))


@lru_cache(maxsize=64)
def _deviations(reference_rows: int, window_rows: int, seed: int) -> tuple[Floats, Floats]:
    """Draws of |F - G| between cells, F and G the shares of two samples of one distribution below them.

    Which distribution it is does not matter: the cells are its quantiles.

    Returns:
        The probabilities in the middle of the cells' borders, and draws x borders.
    """
    rng = np.random.default_rng(seed)
    borders = 1 / (1 + np.exp(-np.linspace(-FARTHEST_LOGIT, FARTHEST_LOGIT, CELLS)))
    shares = np.diff(borders, prepend=0.0, append=1.0)
    left = rng.multinomial(reference_rows, shares, size=DRAWS).cumsum(axis=1)[:, :-1] / reference_rows
    right = rng.multinomial(window_rows, shares, size=DRAWS).cumsum(axis=1)[:, :-1] / window_rows
    return (borders[1:] + borders[:-1]) / 2, np.abs(left - right)


def of_numbers(pooled: Floats, weights: Floats, rows: tuple[int, int], scale: float, *, seed: int) -> Drawn:
    """What chance brings in the normed Wasserstein distance.

    Args:
        pooled: Values of both sides.
        weights: How many rows each of them stands for.
        rows: How many values the reference and the window have, at least one each.
        scale: What the distance is divided by.
        seed: Of the draws.
    """
    reference_rows, window_rows = rows
    at = _rounded(reference_rows), _rounded(window_rows)
    middles, deviations = _deviations(*at, seed)
    points = _quantiles(pooled, weights, middles)
    size = np.sqrt((1 / reference_rows + 1 / window_rows) / (1 / at[0] + 1 / at[1]))
    return Drawn.of(deviations @ np.diff(points) * (size / scale))


def of_categories(reference: Counts, window: Counts, *, seed: int) -> Drawn:
    """What chance brings in the Jensen-Shannon distance.

    Args:
        reference: How often each category stands in the reference.
        window: How often the same categories, in the same order, stand in the window.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    rows, window_rows = int(reference.sum()), int(window.sum())
    shares = (reference + window) / (rows + window_rows)
    left = rng.multinomial(rows, shares, size=DRAWS) / rows
    right = rng.multinomial(window_rows, shares, size=DRAWS) / window_rows
    return Drawn.of(jensen_shannon(left, right))


def jensen_shannon(left: Floats, right: Floats) -> Floats:
    """The Jensen-Shannon distances (natural logarithm, 0 to 0.83) of shares along the last axis."""
    middle = (left + right) / 2
    divergence = (_relative_entropy(left, middle) + _relative_entropy(right, middle)) / 2
    distances: Floats = np.sqrt(np.maximum(divergence, 0.0))
    return distances


def _relative_entropy(share: Floats, middle: Floats) -> Floats:
    ratio = np.divide(share, middle, out=np.ones_like(share), where=share > 0)
    entropy: Floats = np.sum(share * np.log(ratio), axis=-1)
    return entropy


def _rounded(rows: int) -> int:
    """Two digits: draws are shared by columns and windows of about the same size, and then scaled."""
    digits = max(0, len(str(rows)) - 2)
    return int(round(rows, -digits)) or 1


def _quantiles(values: Floats, weights: Floats, middles: Floats) -> Floats:
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    at = np.searchsorted(below, np.concatenate([[0.0], middles, [1.0]]) * below[-1], side="left")
    found: Floats = values[order][np.minimum(at, len(values) - 1)]
    return found
