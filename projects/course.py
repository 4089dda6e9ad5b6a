"""What a contest found, as the evaluation tells and draws it."""

from collections.abc import Sequence

from projects.evaluation.course import Course, Point
from projects.evaluation.metrics import Metric
from projects.evaluation.ranking import Ranked
from projects.learning import winner as contest

EPOCHS = ("mlp", "lstm")


def course_of(found: contest.Winner, metric: Metric, *, folds: int, learning: Sequence[Point] = ()) -> Course:
    """Put together how a training went.

    Args:
        found: What the contest found.
        metric: What it compared by.
        folds: How many folds it compared on.
        learning: How the score grew with rows.
    """
    name = found.candidate.name
    losses = found.curves.get(name, ())
    return Course(
        ranking=[_ranked(each, metric.name) for each in found.ranking],
        folds=folds,
        learning=learning,
        losses={f"{name}: rows not learned from": losses} if losses else {},
        round_unit="epoch" if name in EPOCHS else "round",
    )


def _ranked(each: contest.Ranked, metric: str) -> Ranked:
    if each.validation is None:
        return Ranked(each.name, None, skipped=each.reason)
    means, deviations = each.validation.means, each.validation.deviations
    return Ranked(each.name, means.get(metric), deviations.get(metric, 0.0), each.validation.seconds)
