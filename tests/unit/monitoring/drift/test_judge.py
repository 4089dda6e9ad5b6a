"""A window against its reference."""

import numpy as np
import pandas as pd
import pytest

from monitoring.drift.judge import APART, level
from monitoring.drift.verdict import SHIFT
from tests.unit.monitoring.drift.drift_frames import column, drift_of, referred, rows


def test_the_same_distribution_has_not_drifted():
    assert drift_of(rows(1_000, 0), rows(300, 1)).share == 0.0


def test_a_shifted_column_is_the_only_drifted_one():
    drift = drift_of(rows(1_000, 0), rows(300, 1, shift=1.0))
    assert [each.name for each in drift.drifted] == ["income"]


def test_columns_are_ordered_by_distance_in_thresholds():
    ratios = [each.ratio for each in drift_of(rows(1_000, 0), rows(300, 1, shift=1.0)).columns]
    assert ratios == sorted(ratios, reverse=True)


def test_a_small_true_shift_does_not_alarm_because_the_window_is_large():
    reference, window = rows(5_000, 0), rows(100_000, 1)
    found = column(drift_of(reference, window.assign(age=window["age"] + 0.5)), "age")
    assert found.p_value < 0.001
    assert (found.threshold, found.is_drifted) == (SHIFT, False)


def test_a_window_of_one_row_does_not_alarm():
    assert drift_of(rows(1_000, 0), rows(1, 1)).share == 0.0


def test_a_threshold_falls_with_the_rows_until_what_matters():
    reference = rows(2_000, 0)
    found = [column(drift_of(reference, rows(count, 1)), "age").threshold for count in (50, 500, 20_000)]
    assert found[0] > found[1] > found[2] == SHIFT


def test_a_column_is_drifted_exactly_where_its_p_value_passes_and_its_distance_matters():
    drift = drift_of(rows(300, 0), rows(100, 1, shift=0.4))
    at = level([each.p_value if each.distance >= SHIFT else 1.0 for each in drift.columns])
    for each in drift.columns:
        assert each.is_drifted == (each.p_value <= at and each.distance >= SHIFT)


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.01, 0.02, 0.03, 0.9], 0.0375),
        ([0.9, 0.8], 0.025),
        ([0.04, 0.03, 0.02, 0.049], 0.05),
        ([], 0.05),
    ],
)
def test_the_level_is_benjamini_and_hochbergs(p_values, expected):
    assert level(p_values) == pytest.approx(expected)


def test_a_hundred_columns_without_drift_rarely_name_any():
    rng = np.random.default_rng(0)
    named = 0
    for turn in range(20):
        if turn % 5 == 0:
            reference = referred(pd.DataFrame(rng.normal(size=(1_000, 100))).rename(columns=str))
        window = pd.DataFrame(rng.normal(size=(200, 100))).rename(columns=str)
        named += bool(drift_of(reference, window).drifted)
    assert named <= 4


def test_a_column_without_values_in_the_window_has_drifted():
    drift = drift_of(rows(1_000, 0), rows(300, 1).assign(age=np.nan))
    assert drift.vanished == ("age",)
    assert column(drift, "age").distance == APART
    assert [each.name for each in drift.drifted] == ["age"]


def test_few_rows_may_lack_a_column_that_often_lacks_in_the_reference():
    reference = rows(1_000, 0)
    reference.loc[:800, "age"] = np.nan
    drift = drift_of(reference, rows(2, 1).assign(age=np.nan))
    assert (drift.vanished, drift.share) == ((), 0.0)


def test_a_column_without_values_in_the_reference_is_not_judged():
    drift = drift_of(rows(1_000, 0).assign(age=np.nan), rows(300, 1))
    assert drift.without_reference == ("age",)
    assert "age" not in [each.name for each in drift.columns]


def test_hidden_columns_are_left_out():
    drift = drift_of(rows(1_000, 0), rows(300, 1, shift=1.0), hidden=frozenset({"income"}))
    assert sorted(each.name for each in drift.columns) == ["age", "plan", "prediction"]


def test_no_rows_are_no_drift():
    drift = drift_of(rows(100, 0))
    assert (drift.columns, drift.share, drift.findings, drift.is_drifted) == ((), 0.0, (), False)


def test_rows_of_nulls_alone_have_drifted():
    window = pd.DataFrame({name: [None] * 60 for name in rows(1, 0)})
    assert drift_of(rows(100, 0), window).share == 1.0


def test_prediction_is_told_by_itself():
    window = rows(300, 1).assign(prediction=1)
    assert drift_of(rows(1_000, 0), window).prediction.is_drifted
    assert drift_of(rows(1_000, 0).drop(columns="prediction"), window).prediction is None


def test_columns_are_ranked_by_what_they_are_worth():
    importance = {"age": 0.9, "income": 0.05, "plan": 0.05}
    window = rows(500, 1, shift=1.0)
    window["age"] += 5
    drift = drift_of(referred(rows(1_000, 0), importance=importance), window)
    assert drift.columns[0].name == "income"
    assert [each.name for each in drift.ranked][:2] == ["age", "income"]
    assert column(drift, "age").weight == 0.9


def test_without_known_worth_the_rank_is_the_distance():
    drift = drift_of(rows(1_000, 0), rows(500, 1, shift=1.0))
    assert drift.ranked[0].name == "income"
    assert {each.weight for each in drift.columns} == {None}


def test_the_window_has_drifted_from_the_share_on():
    window = rows(500, 1, shift=1.0).assign(plan="plus")
    drift = drift_of(rows(1_000, 0), window)
    assert (drift.share, drift.is_drifted) == (0.5, True)


@pytest.mark.parametrize(
    "window",
    [
        rows(1, 1),
        rows(1, 1).assign(plan=None),
        rows(50, 1).assign(age=7.0),
        rows(50, 1).assign(income=1e300),
        rows(50, 1).assign(age=np.inf),
        rows(50, 1).assign(plan="unseen"),
        rows(50, 1).assign(plan=[[1, 2]] * 50),
        rows(50, 1).assign(income=np.where(np.arange(50) < 49, np.nan, 1.0)),
        rows(50, 1).assign(prediction=[str(i) for i in range(50)]),
    ],
    ids=["one row", "null", "constant", "huge", "infinite", "unseen", "lists", "one value", "new labels"],
)
def test_odd_windows_are_measured(window):
    drift = drift_of(rows(200, 0), window)
    assert all(np.isfinite([each.distance, each.threshold, each.p_value]).all() for each in drift.columns)


def test_the_same_window_gets_the_same_verdict():
    assert drift_of(rows(300, 0), rows(200, 1)) == drift_of(rows(300, 0), rows(200, 1))
