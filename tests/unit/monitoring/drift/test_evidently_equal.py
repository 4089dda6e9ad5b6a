"""The distances are Evidently's own on the same rows, of made and of real tables."""

import warnings

import numpy as np
import pandas as pd
import pytest

from monitoring.columns import Columns
from monitoring.drift.comparable import comparable
from tests.unit.monitoring.drift.drift_frames import drift_of, profiled, referred, rows


def of_evidently(reference: pd.DataFrame, window: pd.DataFrame, columns: Columns) -> dict[str, float]:
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    kinds = DataDefinition(
        numerical_columns=list(columns.numeric), categorical_columns=list(columns.categorical)
    )
    methods = dict.fromkeys(columns.numeric, "wasserstein") | dict.fromkeys(
        columns.categorical, "jensenshannon"
    )
    named = list(methods)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        snapshot = Report([ValueDrift(column=name, method=method) for name, method in methods.items()]).run(
            Dataset.from_pandas(window[named], data_definition=kinds),
            Dataset.from_pandas(reference[named], data_definition=kinds),
        )
    return {metric["config"]["column"]: float(metric["value"]) for metric in snapshot.dict()["metrics"]}


def both(reference: pd.DataFrame, window: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    known = referred(reference)
    ours = {column.name: column.distance for column in drift_of(known, window).columns}
    columns = known.columns.only({name for name in known.columns.names if name not in known.columns.text})
    sides = comparable(known.rows, profiled(known, window).sample, columns)
    return {name: ours[name] for name in columns.names}, of_evidently(*sides, columns)


def test_made_columns_are_equal():
    window = rows(700, 1, shift=0.3)
    window.loc[:40, "age"] = np.nan
    ours, theirs = both(rows(1_000, 0), window)
    assert ours == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("tabular/telco_customer_churn.csv", {}),
        ("tabular/bank_semicolon.csv", {"sep": ";"}),
        ("tabular/titanic_train.csv", {}),
        ("tabular/employee_salaries.csv.gz", {}),
        ("drift/weather_noaa.csv", {}),
    ],
)
def test_real_tables_are_equal(shared_data, file, options):
    frame = pd.read_csv(shared_data / file, nrows=3_000, **options)
    half = len(frame) // 2
    ours, theirs = both(frame.iloc[:half], frame.iloc[half:])
    assert len(ours) >= 5
    assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-9)
