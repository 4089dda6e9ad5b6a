"""A column that is filled, or set, for one class only: it was written after the answer was known."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from projects.quality.model import Suspect
from projects.quality.truth import Truth

FEWEST_ROWS = 20
CHANCE = 1e-9
"""How unlikely it must be that so many filled rows fall into one class by chance."""
NEARLY = 0.999
FLAGS_TOGETHER = 0.9
"""Flags of parts are named if together they mark so much of a class."""
COMMON = 0.5
"""Flags for a class of more than this share of the rows are no sign of anything."""


def filled_for_one_class(name: str, column: Any, truth: Truth) -> Suspect | None:
    """Find a column that only rows of one class have a value in, or that only those of one class lack.

    Args:
        name: The column's name.
        column: float64 or objects, shape (rows,).
        truth: The same rows.
    """
    filled = ~pd.isna(column[truth.held])
    classes = truth.codes[truth.held]
    for marked, verb, other in ((filled, "filled", "empty"), (~filled, "empty", "filled")):
        found = _only(marked, classes, len(truth.classes))
        if found is None:
            continue
        at, share = found
        kind = truth.classes[at]
        if share >= NEARLY:
            why = f"it is {verb} in the rows of class '{kind}' and {other} in all others"
            return Suspect((name,), why, "certain")
        why = f"all {int(marked.sum()):,} rows where it is {verb} are of class '{kind}'"
        return Suspect((name,), why, "suspected")
    return None


def flags_of_one_class(columns: Mapping[str, Any], truth: Truth) -> tuple[Suspect, ...]:
    """Find flags (0 and 1) that are set in rows of one class only and together mark most of it.

    Args:
        columns: float64, shape (rows,) each, by name.
        truth: The same rows.
    """
    classes = truth.codes[truth.held]
    by_class: dict[int, dict[str, Any]] = {}
    for name, column in columns.items():
        values = column[truth.held]
        if not np.isin(values, (0.0, 1.0)).all():
            continue
        found = _only(values == 1, classes, len(truth.classes))
        if found is not None:
            by_class.setdefault(found[0], {})[name] = values == 1
    return tuple(_together(flags, classes == at, truth.classes[at]) for at, flags in by_class.items())


def _together(flags: Mapping[str, Any], of_class: Any, kind: str) -> Suspect:
    marked = np.logical_or.reduce(list(flags.values()))
    share = float((marked & of_class).sum() / of_class.sum())
    names = tuple(flags)
    if len(names) == 1:
        why = f"it is set in rows of class '{kind}' only, and marks {share:.1%} of it"
    else:
        why = f"they are set in rows of class '{kind}' only, and together mark {share:.1%} of it"
    return Suspect(names, why, "certain" if share >= NEARLY else "suspected")


def _only(marked: Any, classes: Any, count: int) -> tuple[int, float] | None:
    """Return the one class of the marked rows, and the share of it that they are; None if by chance."""
    rows = int(marked.sum())
    if rows < FEWEST_ROWS or rows == len(marked):
        return None
    inside = np.bincount(classes[marked], minlength=count)
    at = int(inside.argmax())
    of_class = int((classes == at).sum())
    base = of_class / len(classes)
    if inside[at] < NEARLY * rows or base**rows > CHANCE or base > COMMON:
        return None
    return at, float(inside[at] / of_class)
