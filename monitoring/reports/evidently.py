"""Evidently's reports on what was measured: how a window differs from its reference, and how good it is."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pandas as pd

from monitoring.reports.compared import Compared
from monitoring.reports.scored import Scored

NUMERIC, CATEGORICAL, TEXT = "wasserstein", "jensenshannon", "abs_text_content_drift"
_Sides = tuple[pd.DataFrame, pd.DataFrame | None]


def drift_report(compared: Compared, *, drift_share: float, made: datetime, about: Mapping[str, str]) -> Any:
    """Evidently's drift of each column, and its summary of both sides.

    Text columns have no summary: with one, Evidently's page fails to show anything.

    Args:
        compared: Reference and window.
        drift_share: The share of drifted columns from which the report speaks of drift.
        made: The moment that the report tells of.
        about: What the report is filed under in a workspace.

    Returns:
        Evidently's snapshot.
    """
    with _silenced():
        from evidently import DataDefinition
        from evidently.presets import DataDriftPreset, DataSummaryPreset

        named, texts = list(compared.columns.names), len(compared.columns.text)
        definition = DataDefinition(
            numerical_columns=list(compared.columns.numeric),
            categorical_columns=list(compared.columns.categorical),
            text_columns=list(compared.columns.text),
        )
        drift = DataDriftPreset(
            columns=named,
            drift_share=drift_share,
            num_method=NUMERIC,
            cat_method=CATEGORICAL,
            text_method=TEXT,
            per_column_threshold=compared.thresholds,
        )
        presets = [drift, DataSummaryPreset(columns=named[: -texts or None])]
        return _run(presets, (compared.window[named], compared.reference[named]), definition, made, about)


def quality_report(
    window: Scored, reference: Scored | None, *, made: datetime, about: Mapping[str, str]
) -> Any:
    """Evidently's quality of a window's labels or numbers, beside the held-out rows' where they are known.

    Args:
        window: Outcomes beside predictions.
        reference: Likewise of the version's held-out rows; taken if it has the same columns.
        made: The moment that the report tells of.
        about: What the report is filed under in a workspace.

    Returns:
        Evidently's snapshot.
    """
    with _silenced():
        from evidently.presets import ClassificationPreset, RegressionPreset

        preset = RegressionPreset() if window.is_regression else ClassificationPreset()
        is_alike = reference is not None and list(reference.frame) == list(window.frame)
        beside = reference.frame if reference is not None and is_alike else None
        return _run([preset], (window.frame, beside), _scored_definition(window), made, about)


def _scored_definition(rows: Scored) -> Any:
    from evidently import BinaryClassification, DataDefinition, MulticlassClassification, Regression

    labels = {"target": rows.truth, "prediction_labels": rows.said}
    if rows.is_regression:
        regression = Regression(target=rows.truth, prediction=rows.said)
        return DataDefinition(regression=[regression], numerical_columns=[rows.truth, rows.said])
    if rows.positive is not None:
        shares = rows.shares[-1] if rows.shares else None
        task = BinaryClassification(**labels, prediction_probas=shares, pos_label=rows.positive)
    else:
        task = MulticlassClassification(**labels, prediction_probas=list(rows.shares) or None)
    return DataDefinition(
        classification=[task],
        categorical_columns=[rows.truth, rows.said],
        numerical_columns=list(rows.shares),
    )


def _run(preset: list[Any], rows: _Sides, definition: Any, made: datetime, about: Mapping[str, str]) -> Any:
    from evidently import Dataset, Report

    sides = [each if each is None else Dataset.from_pandas(each, data_definition=definition) for each in rows]
    return Report(preset).run(
        *sides, timestamp=made, metadata=dict(about), tags=sorted(about.values()), name=about.get("kind")
    )


@contextmanager
def _silenced() -> Iterator[None]:
    """Notes of NumPy, pandas and scikit-learn on columns of one value and classes that nobody predicted."""
    with warnings.catch_warnings():
        for kind in (RuntimeWarning, FutureWarning, UserWarning):
            warnings.simplefilter("ignore", category=kind)
        yield
