"""How well one column alone predicts the target in rows that were not looked at."""

from typing import Any

import numpy as np
import pandas as pd

from projects.quality.model import Suspect
from projects.quality.truth import Truth

IMPLAUSIBLE_SKILL = 0.98
"""The share of the errors of the commonest class that a single column would spare."""
IMPLAUSIBLE_R2 = 0.995
FEWEST_ROWS = 50
FEWEST_OTHERS = 10
"""Rows that are not of the commonest class."""
ORDERED_SKILL = 0.9
"""Where rows lie in the order of the classes, their numbers err only between one class and the next."""
ROW_NUMBERS = 0.9
"""A column of distinct whole numbers that cover so much of their range numbers the rows."""


def predicts_alone(name: str, column: Any, truth: Truth, half: Any) -> Suspect | None:
    """Find a column that predicts the target almost without error from one half of the rows to the other.

    Args:
        name: The column's name.
        column: float64 or objects, shape (rows,).
        truth: The same rows.
        half: A mask of the rows that are learned from, and then the other way round.
    """
    held = truth.held
    if held.sum() < FEWEST_ROWS:
        return None
    values, known, first = column[held], truth.taken(held), half[held]
    numbers_rows = _numbers_rows(values)
    if truth.is_amount:
        score = _r2(values, known.amounts, first)
        bound, said = IMPLAUSIBLE_R2, f"R2 {score:.4f}"
    else:
        if len(known.codes) - int(np.bincount(known.codes).max()) < FEWEST_OTHERS:
            return None
        score = _skill(values, known.codes, len(truth.classes), first)
        bound, said = IMPLAUSIBLE_SKILL, f"{score:.1%} of the errors spared"
        if numbers_rows and score >= ORDERED_SKILL:
            why = "it numbers the rows, and the rows lie in the order of the classes"
            return Suspect((name,), why, "certain")
    if score < bound:
        return None
    return Suspect((name,), f"it alone predicts the target almost without error ({said})", "suspected")


def _skill(values: Any, classes: Any, count: int, first: Any) -> float:
    """Return 1 - errors / errors of always saying the commonest class; below 0 is worse than that."""
    right = 0
    for learned in (first, ~first):
        levels, asked, size = _levels(values, learned)
        table = np.bincount(levels * count + classes[learned], minlength=size * count).reshape(size, count)
        answer = np.append(table.argmax(1), np.bincount(classes[learned]).argmax())
        right += int((answer[asked] == classes[~learned]).sum())
    commonest = int(np.bincount(classes).max())
    return 1 - (len(classes) - right) / max(len(classes) - commonest, 1)


def _r2(values: Any, amounts: Any, first: Any) -> float:
    squared = 0.0
    for learned in (first, ~first):
        levels, asked, size = _levels(values, learned)
        sums = np.bincount(levels, weights=amounts[learned], minlength=size)
        answer = np.append(sums / np.bincount(levels, minlength=size), amounts[learned].mean())
        squared += float(((answer[asked] - amounts[~learned]) ** 2).sum())
    whole = float(((amounts - amounts.mean()) ** 2).sum())
    return 1 - squared / whole if whole else 0.0


def _levels(values: Any, learned: Any) -> tuple[Any, Any, int]:
    """Return the level of each learned row, that of each other row, and how many learned levels there are.

    A number that was not learned has the level of the nearest one that was; a text that was not, and a gap
    where none was learned, has the level after the last.
    """
    if values.dtype != np.float64:
        levels, names = pd.factorize(values[learned], use_na_sentinel=False)
        asked = pd.Index(names).get_indexer(pd.Index(values[~learned], dtype=object))
        return levels, np.where(asked < 0, len(names), asked), len(names)
    numbers, levels = np.unique(values[learned], return_inverse=True)
    finite = numbers[np.isfinite(numbers)]
    wanted = values[~learned]
    if not len(finite):
        return levels, np.where(np.isnan(wanted), 0, len(numbers)), len(numbers)
    after = np.searchsorted(finite, wanted).clip(0, len(finite) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(wanted - finite[before] <= finite[after] - wanted, before, after)
    return (
        levels,
        np.where(np.isnan(wanted), len(numbers) - np.isfinite(numbers).all(), nearest),
        len(numbers),
    )


def _numbers_rows(values: Any) -> bool:
    if values.dtype != np.float64 or not np.isfinite(values).all() or (values != np.floor(values)).any():
        return False
    distinct = len(np.unique(values))
    return distinct == len(values) and distinct >= ROW_NUMBERS * (values.max() - values.min() + 1)
