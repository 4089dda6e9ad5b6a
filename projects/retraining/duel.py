"""Two models on the same rows: whether the challenger is better than the champion beyond chance.

The paired circular block bootstrap (Politis and Romano, 1992): blocks of rows that follow one another in
time are drawn with replacement, both models are scored on each draw, and the challenger is better if it is so
in all but 5 % of the draws. Blocks, because errors of rows that follow one another are alike; their length is
the cube root of the number of rows. It speaks of the rows' chance alone, not of the training's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from projects.counted import counted
from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.evaluation.intervals import Interval
from projects.evaluation.metrics import METRICS, Metric
from serving.plan.model import Task

CHANCE = 0.05
DRAWS = 1000
FEWEST_SHARE = 0.9
"""Of so many draws a score must come, or nothing is known."""


@dataclass(frozen=True)
class Duel:
    """What came of it.

    Attributes:
        metric: What decided.
        rows: On how many rows.
        champion: The champion's score.
        challenger: The challenger's.
        gain: How much better the challenger is, more is better whatever the metric; 90 % of the draws lie in
            it, so that 5 % lie below its low end.
        chance: The share of draws in which the challenger is not better.
    """

    metric: Metric
    rows: int
    champion: float
    challenger: float
    gain: Interval
    chance: float

    @property
    def is_better(self) -> bool:
        """Whether the challenger is better beyond chance."""
        return self.gain.low > 0

    @property
    def sentence(self) -> str:
        """What a person is told."""
        scores = f"{self.metric.name} is {self.challenger:.4f} against {self.champion:.4f}"
        where = f"on the {counted(self.rows, 'newest labelled row')}"
        verdict = "better beyond chance" if self.is_better else "not better beyond chance"
        return (
            f"{verdict}: {scores} {where} (gain {self.gain.low:+.4f} to {self.gain.high:+.4f},"
            f" {self.chance:.1%} of the draws are not better)"
        )


def compare(champion: Answers, challenger: Answers, metric: Metric, *, seed: int, draws: int = DRAWS) -> Duel:
    """Hold two models against one another.

    Args:
        champion: Its answers, in the rows' order in time.
        challenger: Its answers to the same rows.
        metric: What decides.
        seed: The same seed draws the same blocks.
        draws: How often rows are drawn.

    Raises:
        BadInput: The metric cannot be computed on these rows.
    """
    one, other = champion.coded(), challenger.coded()
    scores = metric.measure(one), metric.measure(other)
    sign = 1.0 if metric.is_better_higher else -1.0
    rng = np.random.default_rng(seed)
    gains = np.array([
        sign * (metric.measure(other.take(rows)) - metric.measure(one.take(rows)))
        for rows in (draw_blocks(len(one), rng) for _ in range(draws))
    ])  # fmt: skip
    gains = gains[np.isfinite(gains)]
    if not np.isfinite(scores).all() or len(gains) < FEWEST_SHARE * draws:
        raise BadInput(
            f"{metric.name} cannot be computed on the {counted(len(one), 'newest labelled row')}, which may"
            " hold too few rows of a class; wait for more outcomes"
        )
    low, high = np.quantile(gains, [CHANCE, 1 - CHANCE])
    return Duel(
        metric, len(one), scores[0], scores[1], Interval(float(low), float(high)), float((gains <= 0).mean())
    )


def draw_blocks(rows: int, rng: np.random.Generator) -> Any:
    """Draw as many rows as there are, in blocks; the last row is followed by the first. Shape (rows,)."""
    length = max(1, round(rows ** (1 / 3)))
    starts = rng.integers(0, rows, -(-rows // length))
    return ((starts[:, None] + np.arange(length)) % rows).ravel()[:rows]


def scores_of(champion: Answers, challenger: Answers, task: Task) -> dict[str, tuple[float, float]]:
    """Return the champion's and the challenger's score by every metric that both have."""
    one, other = _scores(champion, task), _scores(challenger, task)
    return {name: (one[name], other[name]) for name in one if name in other}


def _scores(answers: Answers, task: Task) -> Mapping[str, float]:
    coded = answers.coded()
    found = {metric.name: metric.measure(coded) for metric in METRICS if task in metric.tasks}
    return {name: value for name, value in found.items() if np.isfinite(value)}
