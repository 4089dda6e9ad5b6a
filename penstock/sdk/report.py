"""An evaluation as Markdown: the scores, where the predictions are wrong, and examples of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from projects.counted import counted
from projects.evaluation import worst
from projects.evaluation.answers import Answers
from projects.evaluation.intervals import score_intervals
from projects.evaluation.markdown import plain, table

SHOWN, EXAMPLES = 10, 10
MOST_COLUMNS = 8
MOST_CLASSES = 20
SEED = 7
INTERVAL_SECONDS = 2.0
PRINTED: Mapping[str, str] = {
    "accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1", "roc_auc": "ROC-AUC",
    "average_precision": "average precision", "log_loss": "log loss", "r2": "R2", "rmse": "RMSE",
    "mae": "MAE", "mape": "MAPE", "median_absolute_error": "median absolute error",
    "explained_variance": "explained variance",
}  # fmt: skip


def write_report(answers: Answers, rows: pd.DataFrame | None, scores: Mapping[str, Any]) -> str:
    """Write an evaluation.

    Args:
        answers: Truth and predictions.
        rows: The columns of the same rows, where they are known.
        scores: What was measured.
    """
    X = pd.DataFrame(index=range(len(answers))) if rows is None else rows.iloc[:, :MOST_COLUMNS]
    parts = [
        [f"# Evaluation of {counted(len(answers), 'prediction')}", ""],
        ["## Scores", "", *_scores(answers, scores), ""],
        *([["## Classes", "", *_classes(answers), ""]] if answers.classes is not None else []),
        ["## Error analysis", "", *_errors(answers), ""],
        ["### The largest errors", "", *_rows(worst.worst(answers, X, rows=SHOWN)), ""],
        ["## Prediction examples", "", *_rows(worst.examples(answers, X, seed=SEED, rows=EXAMPLES)), ""],
    ]
    return "\n".join(line for part in parts for line in part)


def _scores(answers: Answers, scores: Mapping[str, Any]) -> list[str]:
    task: Any = "regression" if answers.classes is None else "binary" if answers.is_binary else "multiclass"
    intervals = score_intervals(answers, task, seed=SEED, seconds=INTERVAL_SECONDS)
    found = [
        (words, f"{scores[name]:.4f}", str(intervals[name]) if name in intervals else "")
        for name, words in PRINTED.items()
        if name in scores
    ]
    return table(["score", "value", "95 % interval"], found, right=[1, 2])


def _classes(answers: Answers) -> list[str]:
    """Write the confusion matrix, with precision and recall of each class."""
    classes, counts = answers.classes or (), answers.counts
    if len(classes) > MOST_CLASSES:
        return [f"{len(classes)} classes; the confusion matrix is in `metrics_['confusion_matrix']`."]
    said, true = np.maximum(counts.sum(axis=0), 1), np.maximum(counts.sum(axis=1), 1)
    lines = [
        [label, *counts[at], f"{counts[at, at] / said[at]:.3f}", f"{counts[at, at] / true[at]:.3f}"]
        for at, label in enumerate(classes)
    ]
    head = ["actual", *(f"predicted {plain(label, longest=40)}" for label in classes), "precision", "recall"]
    return table(head, lines, right=range(1, len(head)))


def _errors(answers: Answers) -> list[str]:
    return _of_classes(answers) if answers.classes is not None else _of_numbers(answers)


def _of_classes(answers: Answers) -> list[str]:
    wrong = int(answers.row_losses.sum())
    lines = [f"{counted(wrong, 'prediction', 'is')} wrong: {wrong / len(answers):.1%} of {len(answers):,}."]
    mixed = answers.counts * (1 - np.eye(len(answers.counts), dtype=int))
    pairs = [divmod(int(at), len(mixed)) for at in np.argsort(-mixed, axis=None, kind="stable")[:SHOWN]]
    labels = answers.classes or ()
    found = [
        (str(labels[true]), str(labels[said]), int(mixed[true, said]),
         f"{mixed[true, said] / max(1, answers.counts[true].sum()):.1%}")
        for true, said in pairs if mixed[true, said]
    ]  # fmt: skip
    if found:
        lines += ["", *table(["actual", "taken for", "rows", "of the class"], found, right=[2, 3])]
    return lines


def _of_numbers(answers: Answers) -> list[str]:
    errors = answers.predictions - answers.truth
    at = (0.05, 0.25, 0.5, 0.75, 0.95)
    quantiles = np.quantile(errors, at)
    over = float((errors > 0).mean())
    side = "above" if errors.mean() > 0 else "below"
    by = f"{abs(errors.mean()):.4g}"
    return [
        f"Predictions are {side} the truth by {by} on average; {over:.1%} of them are too high.",
        "",
        *table(
            ["share of rows", "predicted minus actual at most"],
            [(f"{share:.0%}", f"{value:.4g}") for share, value in zip(at, quantiles, strict=True)],
            right=[0, 1],
        ),
        "",
        *_by_size(answers, errors),
    ]


def _by_size(answers: Answers, errors: Any) -> list[str]:
    """Write the errors by quarters of the truth."""
    quarters = np.array_split(np.argsort(answers.truth, kind="stable"), 4)
    found = [
        (
            f"{answers.truth[at].min():.4g} to {answers.truth[at].max():.4g}",
            len(at), f"{np.abs(errors[at]).mean():.4g}", f"{errors[at].mean():.4g}",
        )
        for at in quarters if len(at)
    ]  # fmt: skip
    return table(["actual", "rows", "mean absolute error", "mean error"], found, right=[1, 2, 3])


def _rows(found: pd.DataFrame) -> list[str]:
    if not len(found):
        return ["None."]
    cells = [[_cell(cell) for cell in row] for row in found.itertuples(index=False, name=None)]
    return table([str(name) for name in found.columns], cells)


def _cell(cell: Any) -> str:
    return f"{cell:.4g}" if isinstance(cell, float | np.floating) else str(cell)
