"""A column that is the target itself: equal, under other names or in another unit, or with a little noise."""

from typing import Any

import numpy as np
import pandas as pd

from projects.quality.model import Suspect
from projects.quality.truth import Truth, folded

FEWEST_ROWS = 50
"""In fewer rows chance makes copies; nothing is certain then."""
FEWEST_OF_A_CLASS = 5
FEWEST_AMOUNTS = 10
"""Distinct amounts; fewer are classes in disguise."""
COVERED = 0.5
"""The share of the rows with a target that the column must be filled in."""
EXACT = 1e-9
"""1 - r squared of a column that is the target in another unit, but for rounding in the last place."""
NOISY = 0.999
"""r squared of a copy with noise."""
ONE_UNIT = 0.01
"""How far from 1 the slope of a copy with noise may be, and from 0 its offset in standard deviations."""


def copy_of_classes(name: str, column: Any, truth: Truth) -> Suspect | None:
    """Find a column whose levels and the classes go one with one.

    Args:
        name: The column's name.
        column: float64 or objects, shape (rows,).
        truth: The same rows.
    """
    held = truth.held & ~pd.isna(column)
    if held.sum() < max(2, COVERED * truth.held.sum()):
        return None
    codes, levels = pd.factorize(column[held])
    if not 2 <= len(levels) <= 2 * len(truth.classes) + 2:
        return None
    classes = truth.codes[held]
    pairs = np.unique(codes * len(truth.classes) + classes)
    present = np.unique(classes)
    if not len(pairs) == len(levels) == len(present):
        return None
    names = [truth.classes[at] for at in pairs % len(truth.classes)]
    equal = all(
        folded(levels[at]) == named for at, named in zip(pairs // len(truth.classes), names, strict=True)
    )
    why = (
        "it equals the target"
        if equal
        else "each of its values goes with one class: it is the target renamed"
    )
    is_plain = held.sum() >= FEWEST_ROWS and np.bincount(classes)[present].min() >= FEWEST_OF_A_CLASS
    return Suspect((name,), _where_filled(why, held, truth), "certain" if is_plain else "suspected")


def noisy_copy_of_classes(name: str, column: Any, truth: Truth) -> Suspect | None:
    """Find a number that rounds to the class, where classes are whole numbers.

    Args:
        name: The column's name.
        column: float64, shape (rows,).
        truth: The same rows.
    """
    held = np.isfinite(truth.amounts) & np.isfinite(column) & (truth.codes >= 0)
    if held.sum() < max(FEWEST_ROWS, COVERED * truth.held.sum()):
        return None
    difference = column[held] - truth.amounts[held]
    if np.abs(difference).max() >= 0.5 or np.sqrt((difference**2).mean()) > 0.2:
        return None
    why = f"rounded it is the target; it differs by {np.abs(difference).mean():.2g} on average"
    return Suspect((name,), _where_filled(why, held, truth), "certain")


def copy_of_amount(name: str, column: Any, truth: Truth) -> Suspect | None:
    """Find a number that is the target, in its unit or another, or with a little noise.

    Args:
        name: The column's name.
        column: float64, shape (rows,).
        truth: The same rows.
    """
    held = np.isfinite(truth.amounts) & np.isfinite(column)
    if held.sum() < max(3, COVERED * truth.held.sum()):
        return None
    x, y = column[held], truth.amounts[held]
    if len(np.unique(y)) < min(FEWEST_AMOUNTS, len(y)) or x.std() == 0 or y.std() == 0:
        return None
    found = _amount_copied(x, y)
    if found is None:
        return None
    return Suspect(
        (name,), _where_filled(found, held, truth), "certain" if len(y) >= FEWEST_ROWS else "suspected"
    )


def _amount_copied(x: Any, y: Any) -> str | None:
    if np.array_equal(x, y):
        return "it equals the target"
    r2 = float(np.corrcoef(x, y)[0, 1]) ** 2
    slope = float(np.cov(x, y)[0, 1] / x.var(ddof=1))
    if 1 - r2 < EXACT:
        offset = float(y.mean() - slope * x.mean())
        plus = f" {'+' if offset > 0 else '-'} {abs(offset):.4g}" if abs(offset) > EXACT * y.std() else ""
        return f"the target is {slope:.4g} times it{plus}: the same in another unit"
    same_unit = abs(slope - 1) < ONE_UNIT and abs(x.mean() - y.mean()) < ONE_UNIT * y.std()
    if r2 > NOISY and same_unit:
        return f"it is the target but for small differences ({np.abs(x - y).mean():.3g} on average)"
    if _one_to_one(x, y):
        return "it grows or falls exactly as the target does, value for value: a formula of the target"
    return None


def _one_to_one(x: Any, y: Any) -> bool:
    """Whether y is a strictly rising or falling function of x, and x of y, over many distinct values."""
    order = np.argsort(x, kind="stable")
    steps_x, steps_y = np.diff(x[order]), np.diff(y[order])
    moving = steps_x > 0
    if moving.sum() < FEWEST_ROWS or not np.array_equal(moving, steps_y != 0):
        return False
    return bool((steps_y[moving] > 0).all() or (steps_y[moving] < 0).all())


def _where_filled(why: str, held: Any, truth: Truth) -> str:
    share = held.sum() / truth.held.sum()
    return why if share == 1 else f"{why}, in the {share:.0%} of the rows where it is filled"
