"""The column to predict: its labels or numbers, and what kind of task they make."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.hints import did_you_mean, shown
from projects.ingest.cells import LARGEST, as_numbers, as_texts, is_truth, usable
from serving.plan.model import Task

AskedTask = Literal["auto", "classification", "regression"]
MOST_WHOLE_NUMBER_CLASSES = 20
"""More distinct whole numbers than this are taken for an amount, not for classes."""
MOST_CLASSES = 100


@dataclass(frozen=True)
class Target:
    """What is to be predicted.

    Attributes:
        name: The column's name.
        truth: One a kept row: str in an object array, int64, bool or float64.
        rows: Which rows of the table have a value; positions, shape (kept rows,).
        task: The task.
        classes: The distinct labels, sorted; None for a regression.
        reason: Why it is that task, as a sentence.
    """

    name: str
    truth: Any
    rows: Any
    task: Task
    classes: tuple[Any, ...] | None
    reason: str


def read_target(
    frame: pd.DataFrame, name: str, asked: AskedTask = "auto", *, is_text: bool = False
) -> Target:
    """Read the target and work out the task.

    Args:
        frame: The table.
        name: The column.
        asked: What a person wants.
        is_text: Whether the cells are labels, even if each of them looks like a number; a regression that
            was asked for takes them for numbers.

    Raises:
        BadInput: There is no such column, nothing in it, one class only, or not what the task takes.
    """
    if not name:
        raise BadInput(f"name the column to predict with -P target=COLUMN; {did_you_mean('', frame.columns)}")
    if name not in frame.columns:
        raise BadInput(f"there is no column '{name}' to predict; {did_you_mean(name, frame.columns)}")
    cells, kind = _cells(frame[name], is_text=is_text and asked != "regression")
    rows = np.flatnonzero(cells.notna().to_numpy())
    if len(rows) == 0:
        raise BadInput(f"target '{name}' is missing in every row; there is nothing to learn")
    held = cells.iloc[rows]
    if kind == "number" and (too_large := np.abs(held.to_numpy(dtype=float)) > LARGEST).any():
        row = rows[too_large][0]
        raise BadInput(
            f"target '{name}' must hold {usable(cells.iloc[row])}; row {row} has {cells.iloc[row]}"
        )
    distinct = held.nunique()
    if distinct == 1:
        raise BadInput(
            f"target '{name}' has one class only ({shown(held.iloc[0])}); a model needs at least two"
        )
    is_classes, why = _is_classes(held, kind, distinct, asked, name)
    if not is_classes:
        values = held.to_numpy(dtype=np.float64)
        return Target(name, values, rows, "regression", None, f"target '{name}': {why}, so regression")
    return _classification(name, held, rows, kind, why)


def read_truth(column: "pd.Series[Any]", classes: tuple[Any, ...] | None) -> tuple[Any, Any]:
    """Read what a known model should have answered.

    Args:
        column: The cells.
        classes: The model's labels; None for a regression.

    Returns:
        The truth of the rows that have one, and their positions.

    Raises:
        BadInput: No row has one, one is none of the labels, or a regression's is no number.
    """
    cells: Any = as_texts(column)
    if classes is None:
        cells, others = as_numbers(column)
        if others.any():
            found = shown(column[others].iloc[0])
            raise BadInput(f"target '{column.name}' must hold numbers for a regression; it has {found}")
    rows = np.flatnonzero(cells.notna().to_numpy())
    if len(rows) == 0:
        raise BadInput(f"target '{column.name}' is missing in every row; there is nothing to evaluate by")
    held = cells.iloc[rows]
    if classes is None:
        return held.to_numpy(dtype=np.float64), rows
    known = _as_labels(held, classes)
    if (strange := known.isna().to_numpy()).any():
        raise BadInput(
            f"target '{column.name}' has {shown(held[strange].iloc[0])} in row {rows[strange][0]}, which is"
            f" none of the model's labels: {', '.join(map(shown, classes[:12]))}; leave such rows out"
        )
    return _as_truth(known, classes), rows


def read_known(column: "pd.Series[Any]", target: Target) -> tuple[Any, Any]:
    """Read a target's column in other rows of the same table.

    Args:
        column: The cells.
        target: How it was read.

    Returns:
        The truth of the rows that have one which the model can learn, and their positions.
    """
    if target.classes is None:
        numbers, _ = as_numbers(column)
        rows = np.flatnonzero((numbers.abs() <= LARGEST).to_numpy())
        return numbers.iloc[rows].to_numpy(), rows
    known = _as_labels(column, target.classes)
    rows = np.flatnonzero(known.notna().to_numpy())
    return _as_truth(known.iloc[rows], target.classes), rows


def _as_labels(cells: "pd.Series[Any]", classes: tuple[Any, ...]) -> "pd.Series[Any]":
    """Give each cell as the label that it is, None where it is none."""
    if isinstance(classes[0], str):
        return as_texts(cells).map({label: label for label in classes}).astype(object)
    numbers, _ = as_numbers(cells)  # 1.0 is the label 1, and the label true
    return numbers.map({float(label): label for label in classes}).astype(object)


def _as_truth(held: "pd.Series[Any]", classes: tuple[Any, ...]) -> Any:
    return held.to_numpy(dtype=object if isinstance(classes[0], str) else np.asarray(classes).dtype)


def _classification(name: str, held: "pd.Series[Any]", rows: Any, kind: str, why: str) -> Target:
    values: Any = held.to_numpy(dtype=object)
    if kind == "number":
        values = held.to_numpy(dtype=np.int64)
    elif kind == "truth":
        values = held.to_numpy(dtype=bool)
    classes = tuple(np.unique(values).tolist())
    if len(classes) == 2:
        positive = f"'{classes[1]}' counts as the positive class"
        return Target(
            name,
            values,
            rows,
            "binary",
            classes,
            f"target '{name}': {why}, so binary classification; {positive}",
        )
    reason = f"target '{name}': {why}, so classification into {len(classes)} classes"
    return Target(name, values, rows, "multiclass", classes, reason)


def _cells(column: "pd.Series[Any]", *, is_text: bool = False) -> "tuple[pd.Series[Any], str]":
    if is_truth(column):
        return column.astype("object"), "truth"
    numbers, others = as_numbers(column)
    if is_text or others.any():
        return as_texts(column), "text"
    return numbers, "number"


def _is_classes(
    held: "pd.Series[Any]", kind: str, distinct: int, asked: AskedTask, name: str
) -> tuple[bool, str]:
    if kind == "truth":
        if asked == "regression":
            raise BadInput(
                f"target '{name}' holds true and false, which is no amount; use -P task=classification"
            )
        return True, "true and false"
    if kind == "text":
        if asked == "regression":
            example = next(text for text in held if not _is_number(text))
            raise BadInput(f"target '{name}' must hold numbers for a regression; it has {shown(example)}")
        _check_class_count(name, distinct)
        return True, f"{distinct} distinct texts"
    is_whole = bool((held == np.floor(held)).all())
    whole = "whole numbers" if is_whole else "numbers with fractions"
    if asked == "regression" or (
        asked == "auto" and not (is_whole and distinct <= MOST_WHOLE_NUMBER_CLASSES)
    ):
        return False, f"{distinct} distinct {whole}"
    if not is_whole:
        raise BadInput(f"target '{name}' has {whole}, which are no classes; use -P task=regression")
    _check_class_count(name, distinct)
    return True, f"{distinct} distinct whole numbers"


def _check_class_count(name: str, distinct: int) -> None:
    if distinct > MOST_CLASSES:
        raise BadInput(
            f"target '{name}' has {distinct} distinct values, more than the {MOST_CLASSES} classes that are"
            " taken; name a column of classes or of numbers"
        )


def _is_number(text: object) -> bool:
    try:
        float(str(text))
    except ValueError:
        return False
    return True
