"""Columns that give the target away: they are not known, or not needed, when a prediction is asked for.

`certain` is only the target in other clothes: a copy, another name or unit for it, a copy with some noise,
a column that is filled for one class and for no other, or parts that add up to it. What merely predicts the
target almost without error is `suspected`: it may be a leak or a rule of the trade, which a person can tell.
So a target that is a formula of its inputs (a product, a weighted sum) or a bound on one of them is said
aloud, not dropped.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from projects.quality.leak_copies import copy_of_amount, copy_of_classes, noisy_copy_of_classes
from projects.quality.leak_prediction import predicts_alone
from projects.quality.leak_presence import filled_for_one_class, flags_of_one_class
from projects.quality.leak_sums import sums
from projects.quality.model import Suspect
from projects.quality.truth import Task, Truth, truth_of

SCREENED_ROWS = 10_000
"""Columns are looked at in so many rows first; only what is striking there is looked at in all."""


def suspects(frame: pd.DataFrame, target_values: Any, task: Task, *, seed: int) -> tuple[Suspect, ...]:
    """Find the columns that give the target away, the certain ones first.

    Args:
        frame: float64 and object columns, without the target.
        target_values: The target, one a row; None and NaN are missing.
        task: What it makes of the task.
        seed: For the rows that are looked at first, and the halves of them.

    Returns:
        Each column at most once as certain and once as suspected.
    """
    rng = np.random.default_rng(seed)
    truth = truth_of(target_values, task)
    rows = np.sort(rng.permutation(np.flatnonzero(truth.held))[:SCREENED_ROWS])
    few, half = truth.taken(rows), rng.permutation(len(rows)) % 2 == 0
    found: list[Suspect] = []
    for name in map(str, frame.columns):
        column = frame[name].to_numpy()
        if _of_one(name, column[rows], few, half) is not None:
            everywhere = _of_one(name, column, truth, rng.permutation(len(column)) % 2 == 0)
            found += [everywhere] if everywhere else []
    taken = {name for suspect in found for name in suspect.columns if suspect.certainty == "certain"}
    numbers = {
        str(name): frame[name].to_numpy()
        for name in frame.columns
        if frame[name].dtype == np.float64 and name not in taken
    }
    found += _of_several(numbers, truth, rng)
    return tuple(sorted(_once(found), key=lambda suspect: suspect.certainty != "certain"))


def certain_columns(found: Sequence[Suspect], columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that are certain to give the target away; none if no other column would be left.

    Args:
        found: The suspects.
        columns: All columns that could be learned from.
    """
    sure = {name for suspect in found if suspect.certainty == "certain" for name in suspect.columns}
    return tuple(name for name in columns if name in sure) if set(columns) - sure else ()


def _of_one(name: str, column: Any, truth: Truth, half: Any) -> Suspect | None:
    is_number = column.dtype == np.float64
    if truth.is_amount:
        copied = copy_of_amount(name, column, truth) if is_number else None
        return copied or predicts_alone(name, column, truth, half)
    return (
        copy_of_classes(name, column, truth)
        or (noisy_copy_of_classes(name, column, truth) if is_number else None)
        or filled_for_one_class(name, column, truth)
        or predicts_alone(name, column, truth, half)
    )


def _of_several(numbers: dict[str, Any], truth: Truth, rng: np.random.Generator) -> list[Suspect]:
    if not truth.is_amount:
        return list(flags_of_one_class(numbers, truth))
    added = sums(numbers, truth, rng)
    return [added] if added else []


def _once(found: Sequence[Suspect]) -> list[Suspect]:
    """Leave out suspects that say less than another about the same columns."""
    sure = {name for suspect in found if suspect.certainty == "certain" for name in suspect.columns}
    return [
        suspect for suspect in found if suspect.certainty == "certain" or not set(suspect.columns) <= sure
    ]
