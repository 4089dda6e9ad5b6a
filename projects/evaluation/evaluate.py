"""Everything that is looked at of one fitted model on rows that it has not learned from.

answers -> metrics with intervals -> what matters -> where it is weak -> what to watch -> pictures. The work
is bounded in time: beyond a number of rows each part looks at a sample, and says so.
"""

import time
from collections.abc import Callable

import numpy as np

from projects.counted import agreeing, counted
from projects.errors import BadInput
from projects.evaluation import fairness, segments
from projects.evaluation.answers import Answers
from projects.evaluation.asking import ask
from projects.evaluation.contributions import Contributions, contributions
from projects.evaluation.course import Course
from projects.evaluation.findings import Findings, Report
from projects.evaluation.importance import Importance, permutation_importance
from projects.evaluation.intervals import score_intervals
from projects.evaluation.metrics import Metric, measure_all, metric_for
from projects.evaluation.reliability import reliability
from projects.evaluation.subject import Subject
from projects.evaluation.threshold import HALF, Choice, labelled_at
from projects.evaluation.watching import watch
from projects.hints import shown
from projects.requirement.model import Evaluation

SECONDS = 20.0
DETAILED_ROWS = 20_000
PROBE_ROWS = 500
FEWEST_ANSWERED = 2000
ANSWERS, INTERVALS, WEIGHTS = 0.3, 0.15, 0.3
"""The shares of the time that many rows, intervals, and permutations or SHAP values may take."""

Clock = Callable[[], float]


def evaluate(
    subject: Subject,
    *,
    asked: Evaluation,
    metric: Metric | None = None,
    threshold: Choice | None = None,
    course: Course | None = None,
    seed: int = 7,
    seconds: float = SECONDS,
    clock: Clock = time.monotonic,
) -> Report:
    """Evaluate a fitted model.

    Args:
        subject: The model and its held-out rows.
        asked: Segments, groups, SHAP values.
        metric: What candidates are compared by; by default the task's own.
        threshold: The threshold in use and how it was chosen.
        course: How the training went, for its pictures.
        seed: The same seed draws alike.
        seconds: About how long all may take.
        clock: Seconds, monotonic.

    Raises:
        BadInput: A column that was named is not there, or no row can be evaluated.
        ValueError: The model's answers are no numbers.
    """
    # matplotlib takes half a second to import, and a command may evaluate nothing.
    from projects.evaluation.plots.draw import draw_all
    from projects.evaluation.tables import tables_of

    subject, unknown = without_unknown_labels(subject)
    subject, fewer = _answerable(subject, seconds=seconds, seed=seed, clock=clock)
    found = _look(
        subject, asked=asked, metric=metric or metric_for("", subject.task), threshold=threshold,
        seed=seed, seconds=seconds, clock=clock,
    )  # fmt: skip
    lines = [*unknown, *fewer, *_how(found, asked), *_at_half(found)]
    figures = dict(draw_all(found, course or Course()))
    watched = (*unknown, *watch(found))
    return Report(found, figures, tables_of(found, seed=seed), tuple(lines), watched)


def without_unknown_labels(subject: Subject) -> tuple[Subject, list[str]]:
    """Leave out rows whose true label the model cannot answer, and say so.

    Raises:
        BadInput: No row is left.
    """
    if subject.classes is None:
        is_known = np.isfinite(subject.truth.astype(np.float64))
    else:
        is_known = np.isin(subject.truth, np.asarray(subject.classes))
    if not is_known.any():
        known = ", ".join(shown(label) for label in (subject.classes or ())[:12]) or "numbers"
        raise BadInput(f"no row can be evaluated: the truth '{subject.target}' holds none of {known}")
    if is_known.all():
        return subject, []
    strangers = list(dict.fromkeys(subject.truth[~is_known].tolist()))[:3]
    named = ", ".join(shown(label) for label in strangers)
    count = int((~is_known).sum())
    said = (
        f"{count:,} of {counted(len(is_known), 'row')} {agreeing(count, 'is')} left out: the model knows no"
        f" '{subject.target}' such as {named}"
    )
    return subject.take(np.flatnonzero(is_known)), [said]


def _answerable(subject: Subject, *, seconds: float, seed: int, clock: Clock) -> tuple[Subject, list[str]]:
    """Draw as many rows as the model can answer in the time; up to 20,000 may take all of it."""
    rows = len(subject.X)
    if rows <= FEWEST_ANSWERED:
        return subject, []
    drawn = np.random.default_rng(seed).permutation(rows)
    started = clock()
    ask(subject.model, subject.X.iloc[drawn[:PROBE_ROWS]], subject.truth[drawn[:PROBE_ROWS]], subject.classes)
    needed = (clock() - started) / PROBE_ROWS
    in_time = int(seconds / max(needed, 1e-9))
    most = max(FEWEST_ANSWERED, min(DETAILED_ROWS, in_time), int(ANSWERS * in_time))
    if rows <= most:
        return subject, []
    held = counted(rows, "held-out row")
    said = f"evaluated on {most:,} of {held} (drawn at random): the model answers slowly"
    return subject.take(np.sort(drawn[:most])), [said]


def _look(
    subject: Subject,
    *,
    asked: Evaluation,
    metric: Metric,
    threshold: Choice | None,
    seed: int,
    seconds: float,
    clock: Clock,
) -> Findings:
    answers = ask(subject.model, subject.X, subject.truth, subject.classes)
    metrics = measure_all(answers, subject.task)
    intervals = score_intervals(answers, subject.task, seed=seed, seconds=INTERVALS * seconds, clock=clock)
    few, near = _detailed(subject, answers, seed)
    values = (
        contributions(subject.model, few.X, seed=seed, seconds=WEIGHTS * seconds, clock=clock)
        if asked.shap
        else None
    )
    importance = (
        None if values else _importance(few, metric, seed=seed, seconds=WEIGHTS * seconds, clock=clock)
    )
    shares = values.shares if values else importance.shares if importance else {}
    columns = asked.segments or tuple(shares)[: segments.MOST_COLUMNS]
    groups = fairness.fairness(subject, answers, asked.groups)
    curve = reliability(near, seed=seed)
    metrics |= {"ece": curve.ece} if curve else {}
    return Findings(
        subject, answers, metric, metrics | fairness.as_metrics(groups), intervals, importance, values,
        segments.segments(few, near, columns, metric), groups, curve, threshold,
    )  # fmt: skip


def _detailed(subject: Subject, answers: Answers, seed: int) -> tuple[Subject, Answers]:
    if len(answers) <= DETAILED_ROWS:
        return subject, answers
    at = np.sort(np.random.default_rng(seed).permutation(len(answers))[:DETAILED_ROWS])
    return subject.take(at), answers.take(at)


def _importance(subject: Subject, metric: Metric, *, seed: int, seconds: float, clock: Clock) -> Importance:
    return permutation_importance(
        subject.model,
        subject.X,
        subject.truth,
        subject.classes,
        metric,
        seed=seed,
        seconds=seconds,
        clock=clock,
    )


def _how(found: Findings, asked: Evaluation) -> list[str]:
    said = []
    if len(found.answers) > DETAILED_ROWS:
        said.append(f"segments, calibration and importance are of {DETAILED_ROWS:,} of the held-out rows")
    if asked.shap and found.contributions is None:
        said.append("the model has no SHAP values of its own; importance is by permutation")
    if isinstance(found.contributions, Contributions):
        rows = counted(len(found.contributions.rows), "held-out row")
        said.append(f"importance is by SHAP values of {rows}")
    if found.importance is not None and found.importance.left_out:
        there, out = len(found.importance.weights), found.importance.left_out
        columns = f"{there - out} of {counted(there, 'column')}"
        said.append(f"importance: there was time for {columns}, likely the heaviest")
    return said


def _at_half(found: Findings) -> list[str]:
    """Say what the held-out scores would be with the threshold at a half."""
    answers, threshold = found.answers, found.threshold
    if threshold is None or not threshold.is_moved or not answers.is_binary:
        return []
    at_half = measure_all(labelled_at(answers, HALF), "binary")
    told = ", ".join(
        f"{name} {found.metrics[name]:.4f} (at 0.5: {at_half[name]:.4f})"
        for name in ("f1", "precision", "recall", "accuracy")
    )
    return [f"on the held-out rows, with the threshold at {threshold.threshold:.3g}: {told}"]
