"""One split: most rows to learn from, the rest held out and touched once, at the end."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from projects.errors import BadInput
from projects.target import Target

FEWEST_ROWS = 20
FEWEST_TO_COMPARE = 2
"""One row to fit on and one to score on."""
FEWEST_IN_A_CLASS = FEWEST_TO_COMPARE + 1
"""One more to hold out."""


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows held out."""

    X_train: pd.DataFrame
    y_train: Any
    X_held: pd.DataFrame
    y_held: Any


def split_rows(frame: pd.DataFrame, target: Target, *, holdout: float, seed: int) -> Split:
    """Split the features' rows (those that have a target), stratified by class.

    Args:
        frame: One row for each of the target's values.
        target: The target.
        holdout: The share of rows to hold out.
        seed: The same seed gives the same split.

    Raises:
        BadInput: Too few rows, or too few of one class.
    """
    if len(frame) < FEWEST_ROWS:
        raise BadInput(f"{len(frame)} rows with a target are too few; {FEWEST_ROWS} are needed at least")
    held = max(int(np.ceil(len(frame) * holdout)), len(target.classes or ()))
    if target.classes is not None:
        _check_classes(target, len(frame) - held)
    train_at, held_at = train_test_split(
        np.arange(len(frame)),
        test_size=held,
        random_state=seed,
        stratify=target.truth if target.classes is not None else None,
    )
    train_at, held_at = np.sort(train_at), np.sort(held_at)
    _check_learnable(target, target.truth[train_at])
    return Split(
        frame.iloc[train_at].reset_index(drop=True),
        target.truth[train_at],
        frame.iloc[held_at].reset_index(drop=True),
        target.truth[held_at],
    )


def _check_classes(target: Target, train_rows: int) -> None:
    label, count = min(Counter(target.truth.tolist()).items(), key=lambda item: item[1])
    if count < FEWEST_IN_A_CLASS:
        raise BadInput(
            f"class {label!r} of target '{target.name}' has {count} row{'s' if count > 1 else ''}, at least"
            f" {FEWEST_IN_A_CLASS} are needed to learn and to check; gather more, or leave its rows out"
        )
    if train_rows < 2 * len(target.classes or ()):
        raise BadInput(
            f"target '{target.name}' has too many classes for its rows; gather more, or hold out less"
        )


def _check_learnable(target: Target, truth: Any) -> None:
    learned = Counter(truth.tolist())
    for label in target.classes or ():
        if learned[label] < FEWEST_TO_COMPARE:
            raise BadInput(
                f"class {label!r} of target '{target.name}' has too few rows left to learn from;"
                " gather more, or hold out less"
            )
