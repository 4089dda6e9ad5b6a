"""The rows that a lane's reports draw."""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from monitoring.drift.verdict import Drift
from monitoring.quality.metric_names import REGRESSION
from monitoring.reports.compared import Compared, compare
from monitoring.reports.scored import Scored, scored
from monitoring.versions import Version


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made of.

    Attributes:
        compared: Reference and window, column by column; None if no column can be compared.
        scored: The window's rows whose outcomes are known; None without such.
        learned: The reference's rows likewise.
        is_regression: Whether the model answers numbers.
    """

    compared: Compared | None = None
    scored: Scored | None = None
    learned: Scored | None = None
    is_regression: bool = False


def material_of(
    version: Version, drift: Drift | None, *, sample: pd.DataFrame | None, rows: pa.Table | None
) -> Material:
    """Lay out what the reports of a window are made of.

    Args:
        version: What it was measured against.
        drift: What was judged of it.
        sample: Rows of the window, laid out as the reference's (a profile's sample); None without drift.
        rows: Rows of the window joined with their outcomes; None where none have come.
    """
    reference, standard = version.reference, version.standard
    compared = None
    if drift is not None and sample is not None:
        compared = compare(reference.rows, sample, reference.columns, drift)
    now = None if rows is None else scored(rows, task=standard.task, classes=standard.classes)
    learned = scored(reference.table, task=standard.task, classes=standard.classes) if now else None
    return Material(compared, now, learned, is_regression=standard.task == REGRESSION)
