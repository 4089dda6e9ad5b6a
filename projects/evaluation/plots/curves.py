"""The ROC and the precision-recall curve: what any threshold would give."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn import metrics as sk

from projects.counted import counted
from projects.evaluation.answers import Answers
from projects.evaluation.plots.canvas import HELD_OUT, INK, RULE, SERIES, canvas, finished, label, legend

MOST_CURVES = len(SERIES)
POINTS = 500


def roc_curve(answers: Answers, *, of: str = HELD_OUT) -> Figure:
    """Draw true against false positive rates: of the positive class, or of each of the commonest classes.

    Args:
        answers: With probabilities.
        of: What one row is called.
    """
    figure, axes = _canvas("ROC curve", answers, "False positive rate", "True positive rate", of)
    for name, truth, shares, colour in _claims(answers):
        false_rate, true_rate, _ = sk.roc_curve(truth, shares)
        area = sk.auc(false_rate, true_rate)
        axes.plot(*_thin(false_rate, true_rate), color=colour, label=f"{name}: area {area:.3f}")
    axes.plot([0, 1], [0, 1], color=RULE, linestyle="--", label="chance")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
    _legend(axes, answers, "lower right")
    return finished(figure)


def precision_recall_curve(answers: Answers, *, of: str = HELD_OUT) -> Figure:
    """Draw precision against recall: of the positive class, or of each of the commonest classes.

    Args:
        answers: With probabilities.
        of: What one row is called.
    """
    figure, axes = _canvas("Precision and recall", answers, "Recall", "Precision", of)
    for name, truth, shares, colour in _claims(answers):
        precision, recall, _ = sk.precision_recall_curve(truth, shares)
        area = sk.average_precision_score(truth, shares)
        x, y = _thin(recall, precision)
        axes.step(x, y, where="post", color=colour, label=f"{name}: average precision {area:.3f}")
        if answers.is_binary:
            _level(axes, float(truth.mean()))
    axes.set(xlim=(-0.01, 1.01), ylim=(0, 1.02))
    _legend(axes, answers, "lower left")
    return finished(figure)


def can_be_drawn(answers: Answers) -> bool:
    """Whether any class is there both with and without rows, and probabilities are known."""
    return answers.probabilities is not None and len(np.unique(answers.codes)) > 1


def _level(axes: Axes, share: float) -> None:
    axes.axhline(share, color=RULE, linestyle="--", label=f"always positive: {share:.3f}")


def _canvas(what: str, answers: Answers, x: str, y: str, of: str) -> tuple[Figure, Axes]:
    classes, rows = answers.classes or (), counted(len(answers), of)
    if answers.is_binary:
        return canvas(f"{what} of '{label(classes[1])}', {rows}", x, y)
    k = len(np.unique(answers.codes))
    some = f"the {MOST_CURVES} commonest of {k} classes" if k > MOST_CURVES else "each class"
    return canvas(f"{what}: {some}\nagainst the rest, {rows}", x, y, size=(8.6, 4.8))


def _legend(axes: Axes, answers: Answers, where: str) -> None:
    if answers.is_binary:
        legend(axes, loc=where)
    else:
        legend(axes, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _claims(answers: Answers) -> list[tuple[str, Any, Any, str]]:
    classes = answers.classes or ()
    if answers.is_binary:
        return [(label(classes[1]), answers.codes == 1, answers.probabilities[:, 1], INK)]
    rows = np.bincount(answers.codes, minlength=len(classes))
    common = [int(k) for k in np.argsort(-rows, kind="stable")[:MOST_CURVES] if 0 < rows[k] < len(answers)]
    return [
        (label(classes[k], longest=24), answers.codes == k, answers.probabilities[:, k], SERIES[place])
        for place, k in enumerate(common)
    ]


def _thin(x: Any, y: Any) -> tuple[Any, Any]:
    at = np.unique(np.linspace(0, len(x) - 1, min(len(x), POINTS)).astype(int))
    return x[at], y[at]
