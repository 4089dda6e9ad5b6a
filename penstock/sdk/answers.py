"""Truth, predictions and probabilities that a notebook gives, as the evaluation takes them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from penstock.sdk.given import TaskType, as_column
from projects.counted import counted
from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.hints import shown

MOST_CLASSES = 1000
TOLERANCE = 1e-3
"""How far the probabilities of a row may sum from 1: float32 and rounding."""


def read_answers(
    y: Any, y_pred: Any, scores: Any, *, task_type: TaskType, classes: Sequence[Any] | None
) -> Answers:
    """Put truth, predictions and probabilities together.

    Args:
        y: The truth.
        y_pred: The predictions; None takes the class of the highest score.
        scores: Of shape (rows, classes) in the order of the sorted labels, or of the second class (rows,);
            None where there are none.
        task_type: The task.
        classes: All labels in the order of the scores; None for those of the rows, sorted.

    Raises:
        BadInput: They do not fit together.
    """
    truth = _known(as_column(y, len(y) if hasattr(y, "__len__") else -1), "y")
    said = None if y_pred is None else _known(as_column(y_pred, len(truth), what="y_pred", of="y"), "y_pred")
    if task_type == "regression":
        return Answers(_numbers(truth, "y"), _numbers(said, "y_pred"), None, None)
    truth, said = _alike(truth, said)
    labels = tuple(classes) if classes is not None else _labels(truth, said)
    shares = None if scores is None else _shares(scores, len(truth), labels)
    if said is None:
        said = np.array(labels, dtype=truth.dtype)[np.asarray(shares).argmax(axis=1)]
    return Answers(truth, said, shares, labels)


def _known(column: "pd.Series[Any]", what: str) -> Any:
    gaps = np.flatnonzero(column.isna().to_numpy())
    if len(gaps):
        raise BadInput(
            f"{what} is missing in {counted(len(gaps), 'row')}, first in row {gaps[0]}; leave them out"
        )
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object).infer_objects()
    return column.to_numpy(dtype=None if column.dtype.kind in "iufb" else object)


def _numbers(cells: Any, what: str) -> Any:
    try:
        numbers = np.asarray(cells, dtype=np.float64)
    except (TypeError, ValueError) as error:
        odd = next((cell for cell in cells if not isinstance(cell, int | float)), cells[0])
        raise BadInput(f"{what} must be numbers for a regression; it has {shown(odd)}") from error
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        raise BadInput(f"{what} must be finite numbers; row {wrong[0]} has {numbers[wrong[0]]}")
    return numbers


def _alike(truth: Any, said: Any) -> tuple[Any, Any]:
    """Bring labels to one type: 1.0 and 1 are one label, 1 and '1' are not."""
    if said is None:
        return truth, None
    if (truth.dtype == object) != (said.dtype == object):
        raise BadInput(
            f"y has labels like {shown(truth[0])} and y_pred like {shown(said[0])}; give them alike"
        )
    if truth.dtype not in (object, said.dtype):
        said = said.astype(truth.dtype) if (said == said.astype(truth.dtype)).all() else said
    return truth, said


def _labels(truth: Any, said: Any) -> tuple[Any, ...]:
    both = truth if said is None else np.concatenate([truth, said])
    try:
        labels = np.unique(both).tolist()
    except TypeError as error:
        raise BadInput(f"labels must be of one kind, and y has {shown(truth[0])} among others") from error
    if len(labels) > MOST_CLASSES:
        raise BadInput(
            f"y has {len(labels):,} different labels: that is no classification; set task_type='regression'"
        )
    return tuple(labels)


def _shares(scores: Any, rows: int, labels: tuple[Any, ...]) -> Any:
    try:
        values = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput("the scores must be numbers, of shape (rows, classes) or (rows,)") from error
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2) or len(values) != rows:
        raise BadInput(f"the scores must be of shape ({rows}, classes) or ({rows},), not {values.shape}")
    if not np.isfinite(values).all():
        raise BadInput("the scores must be finite numbers; some are NaN or infinite")
    if values.ndim == 1:
        if len(labels) > 2:
            raise BadInput(
                f"y has {len(labels)} classes, so the scores must be of shape ({rows}, {len(labels)})"
            )
        return _of_positive(values)
    if values.shape[1] != len(labels):
        named = ", ".join(map(shown, labels[:12]))
        raise BadInput(
            f"the scores have {counted(values.shape[1], 'column')} and the rows have"
            f" {counted(len(labels), 'label')} ({named}); name all labels in"
            " ModelEvaluator(classes=[...]), such as model.classes_"
        )
    return values


def _of_positive(values: Any) -> Any:
    """Return scores of the second class beside those of the first.

    Margins become shares in their order, with 0 at 0.5; a sigmoid would make all beyond 37 one share.
    """
    if values.min() < 0 or values.max() > 1:
        values = 0.5 * (1 + values / (1 + np.abs(values)))
    return np.column_stack([1 - values, values])
