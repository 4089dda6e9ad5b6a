"""Reference and window as Evidently takes them: like for like, with thresholds that say what was judged.

Evidently measures again, on the rows that it draws, and a report must call those columns drifted that the
gauges do. Its threshold is what matters, and only where chance explains more it is doubled until it lies
above the distance: in a workspace, reports with other thresholds are points of other lines.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from monitoring.columns import Columns
from monitoring.drift.comparable import comparable
from monitoring.drift.numbers import SMALLEST_SCALE
from monitoring.drift.verdict import SHIFT, ColumnDrift, Drift

A_VALUE, NO_VALUE = "(a value)", "(no value)"
"""The two categories of a column that the window has no value of: no two sides lie farther apart."""
SURELY = 0.9
"""A threshold lies so far from the distance that a sample's luck does not turn the verdict."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sides of a drift report.

    Attributes:
        reference: The version's held-out rows.
        window: The rows that are compared with them.
        columns: The columns of both.
        thresholds: By column, the distance from which Evidently's report speaks of drift: of numbers in
            deviations of the reference, but never of less than `SMALLEST_SCALE`; of texts as the area under
            the curve of a classifier that tells the two sides apart.
    """

    reference: pd.DataFrame
    window: pd.DataFrame
    columns: Columns
    thresholds: dict[str, float]


def compare(reference: pd.DataFrame, window: pd.DataFrame, columns: Columns, drift: Drift) -> Compared | None:
    """Lay both sides out; None if no column was judged.

    Args:
        reference: The version's held-out rows, as `monitoring.columns.tidy` lays them out.
        window: Rows of the window, laid out alike.
        columns: The columns of both.
        drift: What was judged of them.
    """
    judged = {column.name: column for column in drift.columns if column.name in columns.names}
    if not judged or window.empty:
        return None
    kinds = columns.only(set(judged))
    words = {name: (reference[name], window[name]) for name in kinds.text}
    reference, window = comparable(reference, window, Columns(kinds.numeric, kinds.categorical))
    gone = tuple(name for name in judged if not window[name].notna().any())
    for name in gone:
        reference[name], window[name] = A_VALUE, NO_VALUE
    there = kinds.without(frozenset(gone))
    kinds = Columns(there.numeric, there.categorical + gone, there.text)
    for name in kinds.text:
        reference[name], window[name] = (side.fillna("") for side in words[name])
    thresholds = {name: _threshold(judged[name], reference[name], kinds) for name in kinds.names}
    return Compared(reference, window, kinds, thresholds)


def _threshold(column: ColumnDrift, reference: "pd.Series[Any]", kinds: Columns) -> float:
    """In Evidently's unit."""
    threshold = SHIFT
    if column.is_drifted and SURELY * column.distance < SHIFT:
        threshold = SHIFT / 2
    while not column.is_drifted and threshold * SURELY < column.distance:
        threshold *= 2
    if column.name in kinds.text:
        return (1 + threshold) / 2
    spread = float(np.std(reference.dropna().to_numpy())) if column.name in kinds.numeric else 0.0
    return threshold * (spread / SMALLEST_SCALE if 0 < spread < SMALLEST_SCALE else 1.0)
