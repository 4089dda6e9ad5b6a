"""How far a window strays from its reference by chance alone, given how many rows each has.

A column counts as drifted when its distance exceeds both the size of a shift that matters (`SHIFT`) and what
chance explains. So a small window does not alarm by luck, and a large one not for a shift nobody would feel.
The levels of chance are simulated: with no drift, at most 5 % of windows name any column.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SHIFT = 0.1
"""The smallest distance that matters: Evidently's default threshold for both distances."""
FAMILY_ERROR = 0.05
"""The share of windows without drift in which some column may still be named."""
SMALLEST_SCALE = 0.001
"""Evidently divides a Wasserstein distance by the reference's standard deviation, but never by less."""
DRAWS = 2_000
GRID = 256

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chance:
    """Simulated Brownian bridges on a grid of probabilities that reaches far into both tails."""

    level: float
    edges: Floats
    bridges: Floats
    seed: int

    @classmethod
    def of(cls, columns: int, *, seed: int = 0) -> "Chance":
        """Share the family error among this many columns (Bonferroni)."""
        rng = np.random.default_rng(seed)
        grid = 1 / (1 + np.exp(-np.linspace(-11.5, 11.5, GRID)))
        steps = np.sqrt(np.diff(grid, prepend=0.0, append=1.0))
        walks = np.cumsum(rng.standard_normal((DRAWS, GRID + 1)) * steps, axis=1)
        bridges = np.abs(walks[:, :-1] - grid * walks[:, -1:])
        return cls(1 - FAMILY_ERROR / max(columns, 1), (grid[1:] + grid[:-1]) / 2, bridges, seed)


def wasserstein_threshold(reference: Floats, window_rows: int, chance: Chance) -> float:
    """The normed Wasserstein distance, in Evidently's unit, from which a numeric column has drifted.

    The empirical process of n rows converges to a Brownian bridge B, and the distance between two samples of
    one distribution F is the integral of |B(F(x))| dx times sqrt(1/n + 1/m).

    Args:
        reference: The reference's values, finite, at least one.
        window_rows: How many values the window has, at least one.
        chance: The simulated bridges.
    """
    points = np.quantile(reference, np.concatenate([[0.0], chance.edges, [1.0]]))
    by_chance = float(np.quantile(chance.bridges @ np.diff(points), chance.level))
    spread = float(np.std(reference))
    scale = max(spread, SMALLEST_SCALE)
    shift = SHIFT * (spread / scale if spread > 0 else 1.0)
    return max(shift, by_chance * float(np.sqrt(1 / window_rows + 1 / len(reference))) / scale)


def jensen_shannon_threshold(
    reference: npt.NDArray[np.int64], window: npt.NDArray[np.int64], chance: Chance
) -> float:
    """The Jensen-Shannon distance from which a categorical column has drifted.

    Args:
        reference: How often each category stands in the reference.
        window: How often the same categories, in the same order, stand in the window.
        chance: Its level and seed are used.
    """
    rng = np.random.default_rng(chance.seed)
    rows, window_rows = int(reference.sum()), int(window.sum())
    shares = (reference + window) / (rows + window_rows)
    left = rng.multinomial(rows, shares, size=DRAWS) / rows
    right = rng.multinomial(window_rows, shares, size=DRAWS) / window_rows
    return max(SHIFT, float(np.quantile(_jensen_shannon(left, right), chance.level)))


def _jensen_shannon(left: Floats, right: Floats) -> Floats:
    middle = (left + right) / 2
    divergence = (_relative_entropy(left, middle) + _relative_entropy(right, middle)) / 2
    distances: Floats = np.sqrt(np.maximum(divergence, 0.0))
    return distances


def _relative_entropy(share: Floats, middle: Floats) -> Floats:
    ratio = np.divide(share, middle, out=np.ones_like(share), where=share > 0)
    entropy: Floats = np.sum(share * np.log(ratio), axis=1)
    return entropy
