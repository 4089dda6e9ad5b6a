"""The target as leakage is looked for: codes for classes, float64 for amounts, and names to speak of them."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class Truth:
    """The target of some rows.

    Attributes:
        task: What it makes of the task.
        codes: The class of each row, int64, -1 where the target is missing; all -1 for an amount.
        classes: The classes as texts, by code.
        amounts: float64: the amount, or the class where classes are numbers; NaN elsewhere.
    """

    task: Task
    codes: Any
    classes: tuple[str, ...]
    amounts: Any

    @property
    def is_amount(self) -> bool:
        """Whether an amount is to be predicted."""
        return self.task == "regression"

    @property
    def held(self) -> Any:
        """A mask of the rows with a target."""
        return np.isfinite(self.amounts) if self.is_amount else self.codes >= 0

    def taken(self, rows: Any) -> "Truth":
        """Return the target of some of the rows."""
        return Truth(self.task, self.codes[rows], self.classes, self.amounts[rows])


def truth_of(values: Any, task: Task) -> Truth:
    """Read a target.

    Args:
        values: One a row: numbers, truths or texts; None and NaN are missing.
        task: What it makes of the task.
    """
    cells = pd.Series(np.asarray(values, dtype=object), dtype=object)
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
    if task == "regression":
        return Truth(task, np.full(len(cells), -1, dtype=np.int64), (), numbers)
    codes, classes = pd.factorize(cells.where(cells.notna(), None).to_numpy())
    are_numbers = bool(np.isfinite(numbers[codes >= 0]).all())
    return Truth(
        task,
        codes.astype(np.int64),
        tuple(folded(level) for level in classes),
        numbers if are_numbers else np.full(len(cells), np.nan),
    )


def folded(cell: object) -> str:
    """Write a cell as a text for comparing: a whole number without a fraction, lower case, trimmed.

    >>> folded(1.0), folded(" Yes "), folded(True)
    ('1', 'yes', 'true')
    """
    if isinstance(cell, int | float | np.number) and not isinstance(cell, bool) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip().casefold()
