"""What a notebook hands over: a table as a frame with names that are texts, a column of as many cells."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from projects.counted import counted
from projects.errors import BadInput
from projects.hints import did_you_mean, shown

TaskType = Literal["classification", "regression"]
TASKS = ("classification", "regression")
UNNAMED = "x{}"
"""What the columns of an array are called, by their places."""


def as_frame(X: Any, *, what: str = "X") -> pd.DataFrame:
    """Return a table as a frame whose columns have different names, all texts; nothing is copied.

    Args:
        X: A frame, an array of two dimensions, a mapping of columns, or a list of rows that are mappings.
        what: What it is called in a sentence.

    Raises:
        BadInput: It is none of these, is empty, or has two columns of one name.
    """
    frame = X if isinstance(X, pd.DataFrame) else _made(X, what)
    names = [str(name) for name in frame.columns]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    if twice:
        raise BadInput(f"{what} has two columns called '{min(twice)}'; rename one of them")
    if not names:
        raise BadInput(f"{what} has no columns; give a table with one at least")
    if not len(frame):
        raise BadInput(f"{what} has no rows; give a table with one at least")
    return frame if names == list(frame.columns) else frame.set_axis(names, axis=1)


def as_column(y: Any, rows: int, *, what: str = "y", of: str = "X") -> "pd.Series[Any]":
    """Return one cell a row as a series that keeps its index.

    Args:
        y: A series, a frame of one column, an array or a list.
        rows: How many cells there must be.
        what: What it is called in a sentence.
        of: What it belongs to.

    Raises:
        BadInput: It is none of these, or of another length.
    """
    column = _one_column(y, what)
    if len(column) != rows:
        raise BadInput(
            f"{of} has {counted(rows, 'row')} and {what} has {len(column):,}; give one value a row"
        )
    if not rows:
        raise BadInput(f"{what} is empty; give one value at least")
    return column


def known_word(word: Any, known: Iterable[str], option: str) -> str:
    """Return one of the words that an option takes.

    Raises:
        BadInput: It is another; with the nearest.
    """
    words = list(known)
    if word not in words:
        hint = did_you_mean(str(word), words)
        near = f"; {hint}" if hint.startswith("did") else ""
        raise BadInput(f"{option} must be one of {', '.join(words)}, not {shown(word)}{near}")
    return str(word)


def check_finite(frame: pd.DataFrame, *, what: str = "X") -> None:
    """Refuse infinite numbers; gaps are no fault.

    Raises:
        BadInput: Where the first one is.
    """
    for name in frame.columns:
        column = frame[name]
        if not pd.api.types.is_float_dtype(column.dtype):
            continue
        wrong = np.flatnonzero(np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan)))
        if len(wrong):
            more = f" (and {counted(len(wrong) - 1, 'more row')})" if len(wrong) > 1 else ""
            raise BadInput(
                f"column '{name}' of {what} must hold finite numbers; row {wrong[0]} has"
                f" {shown(column.iloc[wrong[0]])}{more}; replace it, by NaN if it is not known"
            )


def whole(value: Any, option: str, *, least: int, most: int | None = None) -> int:
    """Return a whole number within its bounds.

    Raises:
        BadInput: It is none, or beyond them.
    """
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < least or (most is not None and value > most):
        bounds = f"from {least} on" if most is None else f"from {least} to {most}"
        raise BadInput(f"{option} must be a whole number {bounds}, not {shown(value)}")
    return int(value)


def tell(sentence: str) -> None:
    """Warn the notebook, at the line that called the SDK."""
    warnings.warn(sentence, UserWarning, stacklevel=4)


def _made(X: Any, what: str) -> pd.DataFrame:
    if isinstance(X, pd.Series):
        raise BadInput(f"{what} must be a table, not one column; give {what}.to_frame()")
    if isinstance(X, Mapping):
        return pd.DataFrame(dict(X)) if any(np.ndim(cells) for cells in X.values()) else pd.DataFrame([X])
    if isinstance(X, Sequence) and not isinstance(X, str) and all(isinstance(row, Mapping) for row in X):
        return pd.DataFrame(list(X))
    try:
        values = np.asarray(X.todense() if hasattr(X, "todense") else X)
    except ValueError as error:
        raise BadInput(f"{what} must be a table whose rows are of one length; {error}") from error
    if values.ndim != 2:
        raise BadInput(
            f"{what} must be a table: a DataFrame, or an array of rows and columns, not {type(X).__name__}"
            f" of {counted(values.ndim, 'dimension')}"
        )
    return pd.DataFrame(values, columns=[UNNAMED.format(place) for place in range(values.shape[1])])


def _one_column(y: Any, what: str) -> "pd.Series[Any]":
    if isinstance(y, pd.DataFrame):
        if y.shape[1] != 1:
            raise BadInput(f"{what} must be one column, not {y.shape[1]}; take one of them")
        return y.iloc[:, 0]
    if isinstance(y, pd.Series):
        return y
    if y is None or isinstance(y, str | Mapping):
        raise BadInput(f"{what} must be one value a row, not {shown(y)}")
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise BadInput(f"{what} must be one value a row, not {counted(values.ndim, 'dimension')}")
    return pd.Series(values)
