"""All pictures of a version: each is drawn where its task and its rows allow it."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from projects.evaluation.course import Course
from projects.evaluation.findings import Findings
from projects.evaluation.plots import columns, confusion, curves, numbers, probabilities, training
from projects.evaluation.ranking import compared
from projects.evaluation.threshold import HALF, curves_of


def draw_all(found: Findings, course: Course) -> Iterator[tuple[str, Figure]]:
    """Draw what there is; yields file names and figures."""
    if found.answers.classes is None:
        yield from _of_numbers(found)
    else:
        yield from _of_classes(found)
    if found.importance is not None and any(weight.rounds for weight in found.importance.weights):
        yield "feature_importance.png", columns.feature_importance(found.importance)
    if found.contributions is not None:
        yield "shap_summary.png", columns.shap_summary(found.contributions)
    if found.segments:
        is_regression = found.answers.classes is None
        yield "segments.png", columns.segment_errors(found.segments, is_regression=is_regression)
    yield from _of_training(found, course)


def _of_numbers(found: Findings) -> Iterator[tuple[str, Figure]]:
    target = found.subject.target
    yield "predicted_vs_actual.png", numbers.predicted_vs_actual(found.answers, target)
    yield "residuals.png", numbers.residuals(found.answers, target)
    yield "residual_histogram.png", numbers.residual_histogram(found.answers, target)


def _of_classes(found: Findings) -> Iterator[tuple[str, Figure]]:
    answers = found.answers
    yield "confusion_matrix.png", confusion.confusion_matrix(answers)
    if curves.can_be_drawn(answers):
        yield "roc_curve.png", curves.roc_curve(answers)
        yield "precision_recall_curve.png", curves.precision_recall_curve(answers)
    if found.reliability is not None:
        yield "calibration_curve.png", probabilities.calibration_curve(found.reliability)
    if answers.is_binary and answers.probabilities is not None and len(np.unique(answers.codes)) > 1:
        yield "threshold.png", _threshold(found)


def _threshold(found: Findings) -> Figure:
    choice = found.threshold
    in_use = choice.threshold if choice else HALF
    if choice is not None and choice.curves is not None:
        return probabilities.threshold_curves(choice.curves, in_use, "out-of-fold rows")
    return probabilities.threshold_curves(curves_of(found.answers), in_use, "held-out rows")


def _of_training(found: Findings, course: Course) -> Iterator[tuple[str, Figure]]:
    if len(compared(course.ranking, found.metric)) > 1:
        yield "comparison.png", training.comparison(course.ranking, found.metric)
    if len(course.learning) > 1:
        yield "learning_curve.png", training.learning_curve(course.learning, found.metric)
    if any(len(values) > 1 for values in course.losses.values()):
        yield (
            "loss_curves.png",
            training.loss_curves(
                course.losses, best=course.best_round, unit=course.round_unit, loss=course.loss
            ),
        )
