"""What a contest found, as the evaluation tells and draws it."""

from collections.abc import Sequence

from projects.evaluation.course import Course, Point
from projects.evaluation.ranking import Ranked
from projects.learning import winner as contest
from projects.problem import Problem

EPOCHS = ("mlp", "lstm")


def course_of(found: contest.Winner, problem: Problem, *, learning: Sequence[Point] = ()) -> Course:
    """Put together how a training went.

    Args:
        found: What the contest found.
        problem: What it was held over.
        learning: How the score grew with rows.
    """
    metric, name = problem.metric.name, found.candidate.name
    losses = found.curves.get(name, ())
    fitted, scored = problem.rows.folds[0]
    return Course(
        ranking=[_ranked(each, metric) for each in found.ranking],
        folds=len(found.tuning.validation.scores.get(metric, ())),
        ratio=len(scored) / len(fitted),
        learning=learning,
        losses={f"{name}: rows not learned from": losses} if losses else {},
        round_unit="epoch" if name in EPOCHS else "round",
    )


def _ranked(each: contest.Ranked, metric: str) -> Ranked:
    found = each.validation
    if found is None:
        return Ranked(each.name, None, skipped=each.reason)
    return Ranked(
        each.name, found.means.get(metric), found.deviations.get(metric, 0.0), found.seconds,
        scores=found.scores.get(metric, ()),
    )  # fmt: skip
