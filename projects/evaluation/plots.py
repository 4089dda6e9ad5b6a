"""The pictures of one version, drawn from its answers on held-out rows."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn import metrics as sk

from projects.evaluation.metrics import Answers

INK, RULE = "#1f5f8b", "#9aa5ad"
MOST_BARS = 20
MOST_POINTS = 5000
AS_WRITTEN: dict[str, Any] = {"parse_math": False}
"""For texts of the table, where a `$` begins no formula."""


def draw_all(answers: Answers, importance: Mapping[str, float]) -> Iterator[tuple[str, Figure]]:
    """Draw what fits the task; yields file names and figures."""
    if answers.classes is None:
        yield "predicted_vs_actual.png", _predicted_vs_actual(answers)
        yield "residuals.png", _residuals(answers)
    else:
        yield "confusion_matrix.png", _confusion_matrix(answers, answers.classes)
    if answers.is_binary:
        yield "roc_curve.png", _roc_curve(answers)
        yield "precision_recall_curve.png", _precision_recall_curve(answers)
    if importance:
        yield "feature_importance.png", _importance(importance)


def _canvas(title: str, x: str, y: str, *, size: tuple[float, float] = (6.0, 4.5)) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def _confusion_matrix(answers: Answers, classes: tuple[Any, ...]) -> Figure:
    counts = sk.confusion_matrix(answers.truth, answers.predictions, labels=np.array(classes))
    side = max(4.5, 0.55 * len(classes) + 2)
    figure, axes = _canvas("Confusion matrix, held-out rows", "Predicted", "Actual", size=(side + 1, side))
    image = axes.imshow(counts, cmap="Blues")
    figure.colorbar(image, ax=axes, label="Rows")
    names = [str(label)[:24] for label in classes]
    axes.set_xticks(range(len(names)), names, rotation=45 if len(names) > 3 else 0, **AS_WRITTEN)
    axes.set_yticks(range(len(names)), names, **AS_WRITTEN)
    if len(classes) <= 20:
        dark = counts.max() / 2
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if count > dark else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour)
    return figure


def _roc_curve(answers: Answers) -> Figure:
    false_rate, true_rate, area = _roc(answers)
    figure, axes = _canvas("ROC curve, held-out rows", "False positive rate", "True positive rate")
    axes.plot(false_rate, true_rate, color=INK, label=f"area {area:.3f}")
    axes.plot([0, 1], [0, 1], color=RULE, linestyle="--", label="chance")
    axes.legend(loc="lower right")
    return figure


def _roc(answers: Answers) -> tuple[Any, Any, float]:
    truth, positive = _positive(answers)
    false_rate, true_rate, _ = sk.roc_curve(truth, positive)
    return false_rate, true_rate, float(sk.auc(false_rate, true_rate))


def _precision_recall_curve(answers: Answers) -> Figure:
    truth, positive = _positive(answers)
    precision, recall, _ = sk.precision_recall_curve(truth, positive)
    figure, axes = _canvas("Precision and recall, held-out rows", "Recall", "Precision")
    axes.step(recall, precision, where="post", color=INK)
    axes.axhline(truth.mean(), color=RULE, linestyle="--", label=f"share of positives {truth.mean():.3f}")
    axes.set_ylim(0, 1.02)
    axes.legend(loc="lower left")
    return figure


def _positive(answers: Answers) -> tuple[Any, Any]:
    positive = (answers.classes or (None, None))[1]
    return answers.truth == positive, answers.probabilities[:, 1]


def _predicted_vs_actual(answers: Answers) -> Figure:
    figure, axes = _canvas("Predicted against actual, held-out rows", "Actual", "Predicted")
    shown = slice(0, MOST_POINTS)
    axes.scatter(answers.truth[shown], answers.predictions[shown], s=8, alpha=0.4, color=INK)
    ends = [float(answers.truth.min()), float(answers.truth.max())]
    axes.plot(ends, ends, color=RULE, linestyle="--", label="equal")
    axes.legend(loc="upper left")
    return figure


def _residuals(answers: Answers) -> Figure:
    figure, axes = _canvas("Residuals, held-out rows", "Predicted", "Actual minus predicted")
    shown = slice(0, MOST_POINTS)
    errors = answers.truth - answers.predictions
    axes.scatter(answers.predictions[shown], errors[shown], s=8, alpha=0.4, color=INK)
    axes.axhline(0, color=RULE, linestyle="--")
    return figure


def _importance(importance: Mapping[str, float]) -> Figure:
    top = sorted(importance.items(), key=lambda item: item[1])[-MOST_BARS:]
    height = max(3.0, 0.3 * len(top) + 1.2)
    figure, axes = _canvas(
        "Feature importance", "Share of the model's importance", "Feature", size=(7, height)
    )
    axes.barh(range(len(top)), [share for _, share in top], color=INK)
    axes.set_yticks(range(len(top)), [name[:40] for name, _ in top], **AS_WRITTEN)
    return figure
