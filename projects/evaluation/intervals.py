"""How far a score may be off by chance: intervals from drawing the held-out rows again and again.

The percentile bootstrap (Efron, 1979): rows are drawn with replacement, the score is computed on each draw,
and the middle 95 % of the scores found is the interval. It speaks of the rows' chance alone, not of the
training's.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from projects.evaluation.answers import Answers
from projects.evaluation.metrics import METRICS
from serving.plan.model import Task

LEVEL = 0.95
MOST_DRAWS = 200
FEWEST_DRAWS = 40
"""With fewer the ends of a 95 % interval rest on one draw each."""
FEWEST_ROWS = 10
FEWEST_DRAWN = 1000
MOST_DRAWN = 20_000
"""Of more rows so many are drawn at a time (Bickel, Goetze and van Zwet, 1997)."""


@dataclass(frozen=True)
class Interval:
    """Where a value lies, with 95 % confidence."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.4g} to {self.high:.4g}"

    @property
    def half(self) -> float:
        """Half of its width."""
        return (self.high - self.low) / 2


def score_intervals(
    answers: Answers,
    task: Task,
    *,
    seed: int,
    seconds: float = 4.0,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Interval]:
    """Return an interval for every metric that can be computed on these rows.

    Args:
        answers: On rows that the model has not learned from.
        task: The task.
        seed: The same seed draws the same rows.
        seconds: The longest to draw; too few draws in that time give no interval.
        clock: Seconds, monotonic.
    """
    if len(answers) < FEWEST_ROWS:
        return {}
    coded, rng, deadline = answers.coded(), np.random.default_rng(seed), clock() + seconds
    size = min(len(coded), MOST_DRAWN)
    metrics = [metric for metric in METRICS if task in metric.tasks]
    found: dict[str, list[float]] = {metric.name: [] for metric in metrics}
    started = clock()
    for draw in range(MOST_DRAWS):
        if draw and clock() > deadline:
            break
        if draw == 1:
            size = _affordable(size, (clock() - started) * MOST_DRAWS, seconds)
            found = {name: [] for name in found}
        drawn = coded.take(rng.integers(0, len(coded), size))
        for metric in metrics:
            found[metric.name].append(metric.measure(drawn))
    # Draws of fewer rows spread wider, by the root of how many fewer they are.
    narrower = float(np.sqrt(size / len(coded)))
    middles = {
        metric.name: _middle(found[metric.name], narrower, metric.measure(coded)) for metric in metrics
    }
    return {name: interval for name, interval in middles.items() if interval is not None}


def _affordable(size: int, needed_s: float, seconds: float) -> int:
    """Return how many rows can be drawn each time, of `size` for which all draws would take so long."""
    return size if needed_s <= seconds else max(min(size, FEWEST_DRAWN), int(size * seconds / needed_s))


def _middle(values: list[float], narrower: float, whole: float) -> Interval | None:
    there = np.array(values)[np.isfinite(values)]
    if len(there) < max(FEWEST_DRAWS, 0.9 * len(values)):
        return None
    low, high = np.quantile(there, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    if narrower < 1:
        low, high = (whole + narrower * (end - float(np.median(there))) for end in (low, high))
    return Interval(float(low), float(high))


def share_interval(hits: int, rows: int) -> Interval:
    """Return the interval of a share (Wilson, 1927), which holds for few rows and shares near 0 or 1."""
    if rows == 0:
        return Interval(0.0, 1.0)
    z, share = float(norm.ppf((1 + LEVEL) / 2)), hits / rows
    centre = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return Interval(max(0.0, float(centre - half)), min(1.0, float(centre + half)))


def difference_interval(one: object, other: object, *, comparisons: int = 1) -> Interval:
    """Return the interval of the difference of two means of independent rows (Welch).

    Args:
        one: Values, shape (rows,).
        other: Values, shape (other rows,).
        comparisons: How many such differences are looked at; their error is shared out (Bonferroni).
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    z = float(norm.ppf(1 - (1 - LEVEL) / (2 * comparisons)))
    middle = float(a.mean() - b.mean())
    half = z * float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))
    return Interval(middle - half, middle + half)


def paired_interval(differences: object) -> Interval:
    """Return the interval of the mean of differences, one a row."""
    values = np.asarray(differences, dtype=np.float64)
    half = float(norm.ppf((1 + LEVEL) / 2)) * float(values.std(ddof=1)) / np.sqrt(len(values))
    return Interval(float(values.mean() - half), float(values.mean() + half))


def with_interval(value: float, interval: Interval | None) -> str:
    """Write a score with its interval where there is one."""
    return f"{value:.4f} ({interval.low:.4f} to {interval.high:.4f})" if interval else f"{value:.4f}"


def written(scores: Mapping[str, float], intervals: Mapping[str, Interval], name: str) -> str:
    """Write one of the scores with its interval."""
    return with_interval(scores[name], intervals.get(name))
