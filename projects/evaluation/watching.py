"""What to watch: everything in an evaluation that a person should know before relying on the model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from projects.counted import counted
from projects.evaluation import fairness, segments, suspicion
from projects.evaluation.answers import Answers
from projects.evaluation.findings import Findings
from projects.evaluation.intervals import Interval
from projects.evaluation.metrics import Metric
from projects.evaluation.number_scores import zeros
from projects.evaluation.reliability import Reliability
from projects.evaluation.subject import Subject

RARE = 0.05
"""The share of rows below which a class counts as rare."""
WIDE = 0.1
"""The half width of a share's interval from which a score is uncertain."""
MOST_NAMED = 3


def watch(found: Findings) -> tuple[str, ...]:
    """Return a sentence for each thing to watch, the gravest first."""
    answers, metric, weights = found.answers, found.metric, found.weights
    is_regression = answers.classes is None
    said: list[str | None] = [
        suspicion.suspicion(found.metrics, weights, len(answers)),
        suspicion.one_column_rules(weights),
        *_classes(answers),
        _no_better_than_the_mean(found.metrics, found.intervals),
        _uncertain(metric, found.intervals, len(answers)),
        _fold_gap(found.subject, metric, found.metrics, found.intervals),
        *(
            segments.in_words(one, is_regression=is_regression)
            for one in segments.weak(found.segments)[:MOST_NAMED]
        ),
        *(words for one in found.fairness for words in fairness.in_words(one)),
        _calibration(found.reliability),
        *_numbers(answers),
        _drift(found.subject, weights),
    ]
    return tuple(sentence for sentence in said if sentence)


def _classes(answers: Answers) -> list[str]:
    if answers.classes is None:
        return []
    true_rows = np.bincount(answers.codes, minlength=len(answers.classes))
    said_rows = np.bincount(answers.said, minlength=len(answers.classes))
    said = []
    if len(gone := _named(answers.classes, true_rows == 0)):
        said.append(f"no held-out row is {gone}: nothing is known of how well that is recognised")
    if len(never := _named(answers.classes, (said_rows == 0) & (true_rows > 0))):
        said.append(f"the model never answers {never} on the held-out rows")
    shares = true_rows / max(1, len(answers))
    if len(rare := _named(answers.classes, (shares > 0) & (shares < RARE))) and len(answers.classes) <= 10:
        said.append(f"imbalance: {rare} is less than {RARE:.0%} of the rows; accuracy says little of it")
    return said


def _named(classes: Sequence[Any], which: Any) -> str:
    names = [f"'{classes[place]}'" for place in np.flatnonzero(which).tolist()]
    more = f" (and {counted(len(names) - MOST_NAMED, 'more class')})" if len(names) > MOST_NAMED else ""
    return " or ".join(names[:MOST_NAMED]) + more


def _no_better_than_the_mean(metrics: Mapping[str, float], intervals: Mapping[str, Interval]) -> str | None:
    found = intervals.get("r2")
    if found is None or found.low > 0:
        return None
    return (
        "no better beyond chance than always answering the mean:"
        f" r2 is {metrics['r2']:.4f} ({found.low:.4f} to {found.high:.4f})"
    )


def _uncertain(metric: Metric, intervals: Mapping[str, Interval], rows: int) -> str | None:
    found = intervals.get(metric.name)
    if found is None or metric.span != (0.0, 1.0) or found.half < WIDE:
        return None
    return f"{metric.name} is uncertain, {found}, for only {counted(rows, 'row', 'was')} held out"


def _fold_gap(
    subject: Subject, metric: Metric, metrics: Mapping[str, float], intervals: Mapping[str, Interval]
) -> str | None:
    if subject.out_of_fold is None or metric.name not in metrics or metric.name not in intervals:
        return None
    before, after, interval = (
        metric.measure(subject.out_of_fold),
        metrics[metric.name],
        intervals[metric.name],
    )
    if (
        not np.isfinite(before)
        or not metric.is_better(before, after)
        or interval.low <= before <= interval.high
    ):
        return None
    return (
        f"{metric.name} is {after:.4f} on the held-out rows and was {before:.4f} on those that the search"
        " compared on, worse beyond chance: the held-out rows differ from those learned from, or the search"
        " fitted its folds"
    )


def _calibration(curve: Reliability | None) -> str | None:
    if curve is None or not curve.is_off:
        return None
    most = max(curve.bins, key=lambda one: one.rows * abs(one.said - one.seen))
    return (
        f"probabilities of {curve.what} are off by {curve.ece:.3f} on average (of those said to be"
        f" {most.said:.0%}, {most.seen:.0%} are so); evaluation.calibrate: auto may correct them"
    )


def _numbers(answers: Answers) -> list[str]:
    if answers.classes is not None:
        return []
    said = []
    if count := zeros(answers):
        said.append(f"mape is left out: it divides by the truth, and {count} of {len(answers)} of that are 0")
    losses = np.sort(answers.row_losses)[::-1]
    few = max(1, len(losses) // 100)
    if len(losses) >= 100 and losses.sum() > 0 and losses[:few].sum() > 0.25 * losses.sum():
        share = losses[:few].sum() / losses.sum()
        said.append(
            f"outliers: 1% of the held-out rows make {share:.0%} of the error; see worst_predictions.csv"
        )
    return said


def _drift(subject: Subject, weights: Mapping[str, float]) -> str | None:
    names = suspicion.drifting(subject.X, weights)
    if not names:
        return None
    some = ", ".join(f"'{name}'" for name in names[:MOST_NAMED])
    moves = "grows or falls" if len(names) == 1 else "grow or fall"
    return f"drift: {some} {moves} along the table, so that later rows bring values not learned from"
