"""The columns that matter are kept, by their own names."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import f_classif, mutual_info_regression, r_regression

from projects.transformers.relevance import METHODS
from projects.transformers.select_columns import SelectColumns

RNG = np.random.default_rng(4)
ROWS = 400


def frame():
    days = np.datetime64("2020-01-01") + np.arange(ROWS)
    table = pd.DataFrame(RNG.normal(size=(ROWS, 5)), columns=[f"noise {n}" for n in range(5)])
    table["signal"] = RNG.normal(size=ROWS)
    table.loc[::9, "signal"] = np.nan
    table["town"] = pd.Series(RNG.choice([f"town {n}" for n in range(30)], ROWS), dtype=object)
    table["day"] = pd.Series([str(day) for day in RNG.permutation(days)], dtype=object)
    return table


FRAME = frame()
TOWN = FRAME["town"].str.slice(5).astype(int).to_numpy()
AGE = (pd.to_datetime(FRAME["day"]) - pd.Timestamp("2020-01-01")).dt.days.to_numpy()
AMOUNT = 3 * FRAME["signal"].fillna(0).to_numpy() + 0.2 * TOWN + AGE / 60
TARGETS = {
    "regression": AMOUNT,
    "binary": np.where(np.median(AMOUNT) < AMOUNT, "high", "low"),
    "multiclass": np.digitize(AMOUNT, np.quantile(AMOUNT, [0.33, 0.66])),
}


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("method", METHODS)
def test_each_method_keeps_the_columns_that_make_the_target(method, task):
    made = SelectColumns(method, n_features=3).fit(FRAME, TARGETS[task])
    assert set(made.get_feature_names_out()) == {"signal", "town", "day"}
    assert list(made.transform(FRAME).columns) == ["signal", "town", "day"]


@pytest.mark.parametrize("method", METHODS)
def test_importance_is_told_by_name(method):
    weights = SelectColumns(method, n_features=3).fit(FRAME, AMOUNT).feature_importance_
    assert list(weights) == list(FRAME.columns)
    assert max(weights["noise 0"], weights["noise 4"]) < weights["signal"]


@pytest.mark.parametrize(
    ("method", "y", "oracle"),
    [
        ("correlation", AMOUNT, lambda X: np.abs(r_regression(X, AMOUNT))),
        ("statistical", TARGETS["binary"], lambda X: f_classif(X, TARGETS["binary"])[0]),
        ("mutual_info", AMOUNT, lambda X: mutual_info_regression(X, AMOUNT, random_state=0)),
    ],
)
def test_numbers_are_scored_as_scikit_learn_does(method, y, oracle):
    numbers = FRAME.select_dtypes("number").fillna(FRAME["signal"].median())
    weights = SelectColumns(method, task="regression" if y is AMOUNT else "classification").fit(numbers, y)
    assert list(weights.feature_importance_.values()) == pytest.approx(oracle(numbers.to_numpy()).tolist())


def test_by_default_half_the_columns_are_kept_at_least_ten():
    wide = pd.DataFrame(RNG.normal(size=(60, 30)))
    y = wide[3].to_numpy()
    assert SelectColumns("correlation").fit(wide.to_numpy(), y).support_.sum() == 15
    assert SelectColumns("correlation").fit(wide.to_numpy()[:, :12], y).support_.sum() == 10


def test_a_constant_column_matters_nothing():
    X = np.column_stack([np.ones(50), np.arange(50.0)])
    for method in METHODS:
        weights = SelectColumns(method, n_features=1, task="regression").fit(X, np.arange(50.0)).support_
        assert weights.tolist() == [False, True], method


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method must be one of correlation, mutual_info"):
        SelectColumns("magic").fit(FRAME, AMOUNT)
