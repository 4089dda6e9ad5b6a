"""A window against a reference, measured by Evidently."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from monitoring.columns import Columns
from monitoring.drift import measure

COLUMNS = Columns(("age", "income"), ("plan", "prediction"))


def rows(count: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.normal(40, 10, count),
            "income": rng.lognormal(10, 0.5, count) * (1 + shift),
            "plan": pd.Series(rng.choice(["basic", "plus"], count), dtype="object"),
            "prediction": pd.Series(rng.choice(["0", "1"], count), dtype="object"),
        }
    )


def share_of(reference: pd.DataFrame, window: pd.DataFrame, columns: Columns = COLUMNS):
    return measure(reference, window, columns, drift_share=0.5)[0]


def test_the_same_distribution_has_not_drifted():
    assert share_of(rows(1_000, 0), rows(300, 1)).share == 0.0


def test_a_shifted_column_is_the_only_drifted_one():
    assert [column.name for column in share_of(rows(1_000, 0), rows(300, 1, shift=1.0)).drifted] == ["income"]


def test_columns_are_ranked_by_distance_in_thresholds():
    drift = share_of(rows(1_000, 0), rows(300, 1, shift=1.0))
    assert [column.ratio for column in drift.columns] == sorted(
        (c.ratio for c in drift.columns), reverse=True
    )


def test_a_numeric_distance_is_the_normed_wasserstein_distance():
    reference, window = rows(500, 0), rows(200, 1)
    expected = wasserstein_distance(reference["age"], window["age"]) / reference["age"].std(ddof=0)
    found = {column.name: column.distance for column in share_of(reference, window).columns}
    assert found["age"] == pytest.approx(expected)


def test_a_distance_of_tiny_numbers_is_in_standard_deviations_too():
    columns = Columns(("rate",), ())
    reference = pd.DataFrame({"rate": rows(500, 0)["age"] * 1e-7})
    drift = share_of(reference, reference + 2 * float(reference["rate"].std(ddof=0)), columns)
    assert drift.columns[0].distance == pytest.approx(2.0)
    assert drift.share == 1.0


def test_a_column_without_values_in_the_window_has_drifted():
    window = rows(300, 1).assign(age=np.nan)
    drift = share_of(rows(1_000, 0), window)
    assert drift.vanished == ("age",)
    assert [column.name for column in drift.drifted] == ["age"]


def test_a_column_without_values_in_the_reference_is_not_judged():
    reference = rows(1_000, 0).assign(plan=None)
    drift = share_of(reference, rows(300, 1))
    assert drift.without_reference == ("plan",)
    assert "plan" not in [column.name for column in drift.columns]


def test_the_report_counts_a_column_without_values_as_the_gauges_do():
    drift, snapshot = measure(rows(1_000, 0), rows(300, 1).assign(age=np.nan), COLUMNS, drift_share=0.25)
    counted = next(m["value"] for m in snapshot.dict()["metrics"] if "column" not in m["config"])
    assert counted == {"count": len(drift.drifted), "share": drift.share} == {"count": 1, "share": 0.25}


def test_a_window_without_any_value_is_reported_as_drift(tmp_path):
    window = pd.DataFrame({name: [None] for name in COLUMNS.names}).astype({"age": float, "income": float})
    drift, snapshot = measure(rows(100, 0), window, COLUMNS, drift_share=0.5)
    snapshot.save_html(str(tmp_path / "report.html"))
    assert drift.share == 1.0


def test_a_reference_without_any_value_makes_no_report():
    drift, snapshot = measure(rows(3, 0).assign(age=np.nan)[["age"]],
                              rows(3, 0), Columns(("age",), ()), drift_share=0.5)  # fmt: skip
    assert (snapshot, drift.share) == (None, 0.0)


@pytest.mark.parametrize(
    "window",
    [
        rows(1, 1),
        rows(1, 1).assign(plan=None),
        rows(50, 1).assign(age=7.0),
        rows(50, 1).assign(income=1e100),
        rows(50, 1).assign(plan="unseen"),
        rows(50, 1).assign(income=np.where(np.arange(50) < 49, np.nan, 1.0)),
        rows(50, 1).assign(age=np.where(np.arange(50) < 25, 0.3, 0.1 + 0.2)),
    ],
    ids=["one row", "a missing text", "constant", "huge", "unseen", "one value", "rounding"],
)
def test_odd_windows_are_measured(window, tmp_path):
    drift, snapshot = measure(rows(200, 0), window, COLUMNS, drift_share=0.5)
    snapshot.save_html(str(tmp_path / "report.html"))
    assert 0.0 <= drift.share <= 1.0
    assert all(np.isfinite(column.distance) for column in drift.columns)


def test_a_window_of_huge_numbers_has_drifted():
    drift = share_of(rows(200, 0), rows(50, 1).assign(income=1e100))
    assert [column.name for column in drift.drifted] == ["income"]


@pytest.mark.parametrize("name", ["a/b", "../x", "ä ö", "index", "prediction_1", "<b>", 'q"uote', "a.b"])
def test_any_column_name_is_measured(name, tmp_path):
    frame = pd.DataFrame({name: np.arange(100.0)})
    drift, snapshot = measure(frame, frame + 500, Columns((name,), ()), drift_share=0.5)
    snapshot.save_html(str(tmp_path / "report.html"))
    assert [column.name for column in drift.drifted] == [name]
