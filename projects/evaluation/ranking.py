"""The compared candidates in order, and whether the first is better than the next beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from projects.counted import counted
from projects.evaluation.metrics import Metric


@dataclass(frozen=True)
class Ranked:
    """One candidate of the comparison.

    Attributes:
        name: Its name.
        mean: Its mean score over the folds; None if it was skipped.
        deviation: The standard deviation over the folds.
        seconds: How long it took.
        skipped: Why it has no score; empty if it has one.
        scores: Its score on each fold, where known; the folds are the same for all, and one that was given
            up has fewer.
    """

    name: str
    mean: float | None
    deviation: float = 0.0
    seconds: float = 0.0
    skipped: str = ""
    scores: tuple[float, ...] = ()


@dataclass(frozen=True)
class Lead:
    """How far the winner is ahead.

    Attributes:
        next_name: The next best.
        by: The difference of the means, in the direction that is better.
        half: Half of the 95 % interval of the difference; NaN where it is not known.
    """

    next_name: str
    by: float
    half: float

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return self.by > self.half

    def __str__(self) -> str:
        if np.isnan(self.half):
            return f"{self.by:.4f} ahead of {self.next_name}"
        if self.is_beyond_chance:
            return f"{self.by:.4f} ahead of {self.next_name}, beyond chance (+- {self.half:.4f})"
        return (
            f"{self.by:.4f} ahead of {self.next_name}, within chance (+- {self.half:.4f}):"
            " the two are equally good here"
        )


def in_order(ranking: Sequence[Ranked], metric: Metric) -> list[Ranked]:
    """Return those with a score on every fold, best first; then those given up; then those skipped."""
    sign = -1 if metric.is_better_higher else 1
    scored = sorted(
        (row for row in ranking if row.mean is not None), key=lambda row: sign * (row.mean or 0.0)
    )
    most = max((len(row.scores) for row in scored), default=0)
    return [
        *(row for row in scored if not _is_given_up(row, most)),
        *(row for row in scored if _is_given_up(row, most)),
        *(row for row in ranking if row.mean is None),
    ]


def compared(ranking: Sequence[Ranked], metric: Metric) -> list[Ranked]:
    """Return those with a score on every fold, best first: only they can be told from one another."""
    ordered = in_order(ranking, metric)
    most = max((len(row.scores) for row in ordered), default=0)
    return [row for row in ordered if row.mean is not None and not _is_given_up(row, most)]


def lead(ranking: Sequence[Ranked], metric: Metric, *, folds: int, ratio: float | None = None) -> Lead | None:
    """Compare the first two; None where there is one only.

    With the scores of each fold the interval is that of paired differences, widened because folds share
    rows (Nadeau and Bengio, 2003); with means and deviations alone it is that of independent ones.

    Args:
        ranking: The candidates.
        metric: What they are compared by.
        folds: How many folds were scored.
        ratio: Rows scored by rows fitted on, in a fold; by default that of `folds` folds that share all rows.
    """
    scored = compared(ranking, metric)
    if len(scored) < 2:
        return None
    first, second = scored[0], scored[1]
    by = abs((first.mean or 0.0) - (second.mean or 0.0))
    return Lead(second.name, by, _half(first, second, folds, ratio))


def _is_given_up(row: Ranked, most: int) -> bool:
    return 0 < len(row.scores) < most


def _half(first: Ranked, second: Ranked, folds: int, ratio: float | None) -> float:
    if folds < 2:
        return float("nan")
    t = float(student.ppf(0.975, folds - 1))
    if len(first.scores) == len(second.scores) == folds:
        differences = np.subtract(first.scores, second.scores)
        shared = 1 / (folds - 1) if ratio is None else ratio
        return t * float(np.sqrt((1 / folds + shared) * differences.var(ddof=1)))
    # Deviations over folds are of the population: one degree of freedom is given back.
    return t * float(np.sqrt((first.deviation**2 + second.deviation**2) / (folds - 1)))


def ranking_table(ranking: Sequence[Ranked], metric: Metric) -> list[str]:
    """Write the compared candidates, best first, as lines of a Markdown table; the skipped ones below it."""
    lines = [f"| rank | model | {metric.name} | +- | seconds |", "|---:|---|---:|---:|---:|"]
    most = max((len(row.scores) for row in ranking), default=0)
    for rank, row in enumerate(in_order(ranking, metric), start=1):
        if row.mean is None:
            continue
        if _is_given_up(row, most):
            folds = f"{len(row.scores)} of {counted(most, 'fold')}"
            lines.append(f"| - | {row.name} | {row.mean:.4f} ({folds}) | | {row.seconds:.1f} |")
        else:
            spread = "" if len(row.scores) == 1 else f"{row.deviation:.4f} "
            lines.append(f"| {rank} | {row.name} | {row.mean:.4f} | {spread}| {row.seconds:.1f} |")
    skipped = [
        f"- {row.name} was skipped: {' '.join(row.skipped.split())}" for row in ranking if row.mean is None
    ]
    return [*lines, "", *skipped] if skipped else lines


def within_chance(
    ranking: Sequence[Ranked], metric: Metric, *, folds: int, ratio: float | None = None
) -> list[Ranked]:
    """Return the candidates that the first is ahead of by no more than chance explains."""
    scored = compared(ranking, metric)
    return [
        row
        for row in scored[1:]
        if abs((scored[0].mean or 0.0) - (row.mean or 0.0)) <= _half(scored[0], row, folds, ratio)
    ]
