"""Reference and window brought to what can be compared and drawn, both in the same way.

Only the most common categories keep their names, so a column of identifiers costs no more than any other.
Numbers that a histogram cannot tell apart become equal, and numbers beyond a thousand million become
deviations from the reference's median: the distances do not change, and NumPy's histograms refuse neither.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from monitoring.columns import Columns

CATEGORIES = 50
OTHER = "(other)"
LARGEST_DRAWN = 1e9
FARTHEST = 1e6
"""Deviations; what lies farther out is brought here."""
DIGITS = 11
"""Significant digits kept, of the 15 that a float has."""


def comparable(
    reference: pd.DataFrame, window: pd.DataFrame, columns: Columns
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Copies of both; a column is changed by the same rule on both sides, made from both.

    Args:
        reference: As `monitoring.columns.tidy` lays it out.
        window: Likewise.
        columns: The columns of both.
    """
    reference, window = reference.copy(), window.copy()
    for name in columns.names:
        rule = _named if name in columns.categorical else _drawable
        change = rule(reference[name], window[name])
        reference[name], window[name] = change(reference[name]), change(window[name])
    return reference, window


Change = Callable[["pd.Series[Any]"], "pd.Series[Any]"]


def _named(reference: "pd.Series[Any]", window: "pd.Series[Any]") -> Change:
    names = reference.value_counts().index
    if len(names) <= CATEGORIES and window.nunique() <= 2 * CATEGORIES:
        return lambda column: column
    kept = names[:CATEGORIES]
    return lambda column: column.where(column.isin(kept) | column.isna(), OTHER)


def _drawable(reference: "pd.Series[Any]", window: "pd.Series[Any]") -> Change:
    largest = float(np.nanmax(np.abs(np.concatenate([[0.0], reference, window]))))
    if largest == 0:
        return lambda column: column
    if largest > LARGEST_DRAWN:
        return _deviations(reference)
    digits = DIGITS - int(np.ceil(np.log10(largest)))
    return lambda column: column.round(digits)


def _deviations(reference: "pd.Series[Any]") -> Change:
    spread = float(np.nan_to_num(reference.std(ddof=0))) or 1.0
    middle = float(np.nan_to_num(reference.median()))
    return lambda column: ((column - middle) / spread).clip(-FARTHEST, FARTHEST).round(DIGITS - 6)
