"""What a cell says: a number, a truth, nothing. Used alike when training and when predicting from files."""

import re
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

BLANKS = frozenset({"", "?", "-", "--", ".", "na", "n/a", "#n/a", "nan", "null", "none", "missing"})
"""Texts (trimmed, lower case) that stand for a missing number."""
LARGEST = 1e38
"""Beyond lies infinity for the trees that read numbers as float32, and squares overflow elsewhere."""
NO_NUMBER = "no number"
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
"""A number with commas between its thousands."""
TRUTHS = {"true": 1.0, "false": 0.0}


def as_numbers(column: "pd.Series[Any]") -> "tuple[pd.Series[Any], pd.Series[Any]]":
    """Read a column as float64.

    Args:
        column: Cells of any kind.

    Returns:
        The numbers, NaN where there is none; and a mask of the cells that hold something else.
    """
    if column.dtype.kind in "iufb":
        numbers = column.astype("float64")
        return numbers, pd.Series(data=False, index=column.index)
    texts = column.astype("object").map(_text, na_action="ignore")
    numbers = pd.to_numeric(texts.replace(TRUTHS), errors="coerce").astype("float64")
    is_blank = texts.isna() | texts.isin(BLANKS)
    return numbers.mask(is_blank), numbers.isna() & ~is_blank


def usable(refused: float) -> str:
    """Say what a number must be, for a sentence about one that is not."""
    return "finite numbers" if np.isinf(refused) else f"numbers up to {LARGEST:g}"


def is_truth(column: "pd.Series[Any]") -> bool:
    """Whether every cell that holds something is true or false."""
    if column.dtype.kind == "b" or isinstance(column.dtype, pd.BooleanDtype):
        return True
    held = column.dropna()
    return (
        column.dtype == object and len(held) > 0 and all(isinstance(cell, bool | np.bool_) for cell in held)
    )


def as_texts(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Read a column as str, None where a cell is missing."""
    held = column.astype("object")
    texts = held.map(lambda cell: cell if isinstance(cell, str) else str(cell), na_action="ignore")
    return texts.astype("object").where(column.notna(), None)


def _text(cell: object) -> object:
    if isinstance(cell, str | bool | np.bool_):
        text = str(cell).strip().casefold()
        return text.replace(",", "") if "," in text and GROUPED.fullmatch(text) else text
    # pandas would read a date as nanoseconds.
    return cell if isinstance(cell, Number) else NO_NUMBER
