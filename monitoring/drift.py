"""How far a window of predictions lies from its version's reference, column by column.

Evidently measures and draws: a normed Wasserstein distance for numbers, a Jensen-Shannon distance for
categories. A column that lost all its values it cannot take: that one goes in as two categories.
"""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from monitoring.columns import Columns
from monitoring.comparable import comparable
from monitoring.noise import (
    SHIFT,
    SMALLEST_SCALE,
    Chance,
    jensen_shannon_threshold,
    wasserstein_threshold,
)

A_VALUE, NO_VALUE = "(a value)", "(no value)"
"""The two categories of a column that the window has no value of: no two sides lie farther apart."""


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """One column's distance; in reference standard deviations for numbers, from 0 to 0.83 for categories."""

    name: str
    distance: float
    threshold: float

    @property
    def is_drifted(self) -> bool:
        """Whether the distance is more than matters and more than chance."""
        return self.distance >= self.threshold

    @property
    def ratio(self) -> float:
        """The distance in thresholds: what columns are ranked by."""
        return self.distance / self.threshold


@dataclass(frozen=True, slots=True)
class Drift:
    """A window against its reference: columns from the most drifted to the least."""

    columns: tuple[ColumnDrift, ...]
    vanished: tuple[str, ...]
    """Columns without a value in the window: drifted."""
    without_reference: tuple[str, ...]
    """Columns with values in the window but none in the reference: not judged."""

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """The drifted columns, the most drifted first."""
        return tuple(column for column in self.columns if column.is_drifted)

    @property
    def share(self) -> float:
        """Drifted columns / judged columns, from 0 to 1."""
        return len(self.drifted) / len(self.columns) if self.columns else 0.0


def measure(
    reference: pd.DataFrame, window: pd.DataFrame, columns: Columns, *, drift_share: float
) -> tuple[Drift, Any]:
    """Compare a window with its reference.

    Args:
        reference: The version's held-out rows as `monitoring.columns.tidy` lays them out.
        window: The predictions of the window, laid out alike.
        columns: The columns of both.
        drift_share: The share of drifted columns from which Evidently's report speaks of drift.

    Returns:
        The drift, and Evidently's snapshot (it has `save_html`), or None if no column could be compared.
    """
    reference, window = comparable(reference, window, columns)
    there = {name: bool(reference[name].notna().any()) for name in columns.names}
    here = {name: bool(window[name].notna().any()) for name in columns.names}
    compared = _only(columns, {name for name in columns.names if there[name] and here[name]})
    vanished = tuple(name for name in columns.names if there[name] and not here[name])
    judged, snapshot = [], None
    if compared.names or vanished:
        thresholds = _thresholds(reference, window, compared) | dict.fromkeys(vanished, SHIFT)
        for name in vanished:
            reference[name], window[name] = A_VALUE, NO_VALUE
        compared = Columns(compared.numeric, compared.categorical + vanished)
        snapshot = _evidently(reference, window, compared, thresholds, drift_share)
        judged = _judged(snapshot, reference, compared, thresholds)
    judged.sort(key=lambda column: (-column.ratio, column.name))
    unknown = tuple(name for name in columns.names if here[name] and not there[name])
    return Drift(tuple(judged), vanished, unknown), snapshot


def _only(columns: Columns, names: set[str]) -> Columns:
    return Columns(
        tuple(name for name in columns.numeric if name in names),
        tuple(name for name in columns.categorical if name in names),
    )


def _thresholds(reference: pd.DataFrame, window: pd.DataFrame, columns: Columns) -> dict[str, float]:
    chance = Chance.of(len(columns.names))
    thresholds = {
        name: wasserstein_threshold(
            reference[name].dropna().to_numpy(), int(window[name].notna().sum()), chance
        )
        for name in columns.numeric
    }
    for name in columns.categorical:
        counts = pd.concat([reference[name].value_counts(), window[name].value_counts()], axis=1)
        both = counts.fillna(0).to_numpy(dtype=np.int64)
        thresholds[name] = jensen_shannon_threshold(both[:, 0], both[:, 1], chance)
    return thresholds


def _evidently(
    reference: pd.DataFrame,
    window: pd.DataFrame,
    columns: Columns,
    thresholds: Mapping[str, float],
    drift_share: float,
) -> Any:
    with _evidently_warnings_silenced():
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset

        definition = DataDefinition(
            numerical_columns=list(columns.numeric), categorical_columns=list(columns.categorical)
        )
        preset = DataDriftPreset(
            columns=list(columns.names),
            drift_share=drift_share,
            num_method="wasserstein",
            cat_method="jensenshannon",
            per_column_threshold=dict(thresholds),
        )
        named = list(columns.names)
        return Report([preset]).run(
            Dataset.from_pandas(window[named], data_definition=definition),
            Dataset.from_pandas(reference[named], data_definition=definition),
        )


def _judged(
    snapshot: Any, reference: pd.DataFrame, columns: Columns, thresholds: Mapping[str, float]
) -> list[ColumnDrift]:
    measured = {
        metric["config"]["column"]: float(metric["value"])
        for metric in snapshot.dict()["metrics"]
        if "column" in metric["config"]
    }
    judged = []
    for name in columns.names:
        unit = _unit(reference[name]) if name in columns.numeric else 1.0
        # The root of a divergence that rounding made negative is NaN: the two sides are equal.
        distance = 0.0 if math.isnan(measured[name]) else measured[name]
        judged.append(ColumnDrift(name, distance * unit, thresholds[name] * unit))
    return judged


def _unit(reference: pd.Series) -> float:
    """What makes Evidently's distance one in standard deviations for a column of tiny numbers."""
    spread = float(np.std(reference.dropna().to_numpy()))
    return SMALLEST_SCALE / spread if 0 < spread < SMALLEST_SCALE else 1.0


@contextmanager
def _evidently_warnings_silenced() -> Iterator[None]:
    """NumPy's notes on correlations of columns with one row or one value, which the report asks for."""
    with warnings.catch_warnings():
        for message in ("Degrees of freedom <= 0", "invalid value encountered", "divide by zero encountered"):
            warnings.filterwarnings("ignore", message=message, category=RuntimeWarning)
        yield
