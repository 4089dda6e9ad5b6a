"""Whether quality is bad: below what the policy demands, or worse than training promised, beyond chance.

A clause such as `roc_auc >= 0.8` is broken where the whole interval lies on its wrong side, so that 40 labels
do not start a retraining that 4,000 would not. A promise is broken where what is measured is worse than the
held-out rows' score by more than a tolerance, and by more than the chance in both explains.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from monitoring.quality.figures import Estimate, Figure, Quality
from monitoring.quality.metric_names import METRICS

TOLERANCE = 0.05
"""Of the promised score: a smaller loss than this is no news, however sure it is."""
FEWEST_ROWS = 30
"""With fewer outcomes nothing is judged."""
CLAUSE = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(>=|<=|>|<)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*")
Promised = tuple[str, float]
Verdict = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class Clause:
    """One demand: `metric operator bound`."""

    metric: str
    operator: str
    bound: float

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {self.bound:g}"

    def is_broken(self, figure: Figure) -> bool:
        """Whether all of the interval is on the wrong side; without an interval, nothing is."""
        if figure.low is None or figure.high is None:
            return False
        if self.operator.startswith(">"):
            return figure.high < self.bound
        return figure.low > self.bound


def read_clauses(texts: Iterable[str]) -> tuple[tuple[Clause, ...], tuple[str, ...]]:
    """Read a policy's clauses, and say of each that cannot be read why."""
    found, problems = [], []
    for text in texts:
        match = CLAUSE.fullmatch(text)
        if match is None or not _is_number(match[3]):
            problems.append(f"min_quality must be like 'roc_auc >= 0.8', not '{text:.60}'")
        elif match[1] not in METRICS:
            near = difflib.get_close_matches(match[1], METRICS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(METRICS)}"
            problems.append(f"min_quality names '{match[1]}', which no outcome measures; {hint}")
        else:
            found.append(Clause(match[1], match[2], float(match[3])))
    return tuple(found), tuple(problems)


def promised(tags: Mapping[str, str]) -> Promised | None:
    """What a version's tags promise; None where they name no score that outcomes can measure."""
    metric, score = tags.get("penstock.metric", ""), tags.get("penstock.score", "")
    if metric not in METRICS or not _is_number(score):
        return None
    return metric, float(score)


def is_bad(
    quality: Quality | None,
    *,
    clauses: Iterable[str] = (),
    promised: Promised | None = None,
    held_out: Quality | None = None,
    tolerance: float = TOLERANCE,
) -> Verdict:
    """Judge what was measured.

    Args:
        quality: Of a window; None is never bad.
        clauses: The policy's `min_quality`, as texts; those that cannot be read are passed over.
        promised: The metric and the score that the version came with.
        held_out: The same metrics on the held-out rows, for the chance in the promise.
        tolerance: The share of the promised score that may be lost.

    Returns:
        Whether it is bad, and why as a sentence; with one for each clause that cannot be read. Empty if there
        is nothing to say.
    """
    clauses = tuple(clauses)
    problems = read_clauses(clauses)[1]
    if quality is None or quality.used < FEWEST_ROWS:
        return False, "; ".join(problems)
    of = f"on {quality.used} rows with outcomes"
    said = [
        *_broken(quality.metrics, of, clauses),
        *_lost(quality.metrics, of, promised, held_out, tolerance),
    ]
    return bool(said), "; ".join((*said, *problems))


def is_estimate_bad(
    estimate: Estimate | None,
    *,
    clauses: Iterable[str] = (),
    promised: Promised | None = None,
    held_out: Quality | None = None,
    tolerance: float = TOLERANCE,
) -> Verdict:
    """Judge what is estimated; as `is_bad`, but for outcomes that have not come."""
    if estimate is None:
        return False, ""
    of = f"estimated on {estimate.rows} rows"
    said = [
        *_broken(estimate.metrics, of, clauses),
        *_lost(estimate.metrics, of, promised, held_out, tolerance),
    ]
    return bool(said), "; ".join(said)


def _broken(metrics: Mapping[str, Figure], of: str, clauses: Iterable[str]) -> list[str]:
    return [
        f"{clause.metric} is {metrics[clause.metric]} {of}, and the policy wants {clause}"
        for clause in read_clauses(clauses)[0]
        if clause.metric in metrics and clause.is_broken(metrics[clause.metric])
    ]


def _lost(
    metrics: Mapping[str, Figure],
    of: str,
    promise: Promised | None,
    held_out: Quality | None,
    tolerance: float,
) -> list[str]:
    if promise is None or promise[0] not in metrics:
        return []
    name, score = promise
    if not _is_worse(promise, metrics[name], held_out, tolerance):
        return []
    return [f"{name} is {metrics[name]} {of}, and was {score:.4g} on the held-out rows"]


def _is_worse(promise: Promised, figure: Figure, held_out: Quality | None, tolerance: float) -> bool:
    """Two independent chances add up by their squares, each by the half of its interval that matters."""
    metric, score = METRICS[promise[0]], promise[1]
    if figure.low is None or figure.high is None:
        return False
    lost = score - figure.value if metric.is_better_higher else figure.value - score
    mine = figure.high - figure.value if metric.is_better_higher else figure.value - figure.low
    theirs = _half(held_out.metrics.get(metric.name) if held_out else None, is_low=metric.is_better_higher)
    return lost > max(float(np.hypot(mine, theirs)), tolerance * abs(score))


def _half(figure: Figure | None, *, is_low: bool) -> float:
    if figure is None or figure.low is None or figure.high is None:
        return 0.0
    return figure.value - figure.low if is_low else figure.high - figure.value


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
