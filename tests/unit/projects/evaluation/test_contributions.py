"""SHAP values add up to the model's margin, in the table's own columns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from projects.evaluation.contributions import contributions
from projects.evaluation.frozen import unwrapped
from projects.evaluation.owners import owners
from projects.evaluation.threshold import apply
from tests.unit.projects.evaluation.evaluation_fixtures import fitted, pipeline, table, truth

ROWS = table(150, seed=30)


def margin(family, task):
    model = fitted(family, task)
    matrix, estimator = model[:-1].transform(ROWS), unwrapped(model[-1])
    if task == "regression":
        return estimator.predict(matrix)
    if family == "lightgbm":
        return estimator.predict(matrix, raw_score=True)
    if family == "xgboost":
        return estimator.predict(matrix, output_margin=True)
    return estimator.decision_function(matrix)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("family", ["linear", "lightgbm", "xgboost"])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_contributions_and_the_base_sum_to_the_margin(family, task):
    found = contributions(fitted(family, task), ROWS, seed=1)
    whole = np.sum(found.values, axis=1) + found.base
    at = [ROWS.index[ROWS["noise"] == noise][0] for noise in found.rows["noise"]]
    assert whole == pytest.approx(margin(family, task)[at], abs=1e-4)


@pytest.mark.parametrize("family", ["linear", "lightgbm", "xgboost"])
def test_the_column_that_decides_adds_most(family):
    found = contributions(fitted(family, "regression"), ROWS, seed=1)
    assert next(iter(found.means)) == "count"
    assert list(found.means)[1] == "city"
    assert sum(found.shares.values()) == pytest.approx(1.0)


def test_a_linear_models_contribution_is_its_coefficient_times_the_distance_from_the_mean():
    model = fitted("linear", "regression")
    found = contributions(model, ROWS, seed=1)
    slope = model[-1].coef_[1]
    cells = found.rows["count"].to_numpy()
    assert np.take(found.values, list(found.columns).index("count"), axis=1) == pytest.approx(
        slope * (cells - cells.mean())
    )


def test_what_is_under_a_moved_threshold_is_explained():
    model = fitted("lightgbm", "binary")
    assert isinstance(apply(model, 0.3, ROWS), FixedThresholdClassifier)
    assert np.array_equal(
        contributions(apply(model, 0.3, ROWS), ROWS, seed=1).values, contributions(model, ROWS, seed=1).values
    )


def test_a_model_without_shap_values_has_none():
    forest = pipeline(RandomForestRegressor(5)).fit(ROWS, truth(ROWS, "regression"))
    assert contributions(forest, ROWS, seed=1) is None
    assert contributions(FrozenEstimator(forest), ROWS, seed=1) is None


def test_few_rows_are_explained_where_it_takes_long():
    seconds = iter(np.arange(1000) * 100.0)
    found = contributions(
        fitted("lightgbm", "binary"), table(500), seed=1, clock=lambda: float(next(seconds))
    )
    assert len(found.rows) == 100


def test_the_owner_of_a_cell_is_the_column_behind_it():
    steps = fitted("linear", "binary")[:-1]
    shared = owners(steps, ROWS)
    assert shared.tolist()[:3] == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    assert (shared[3:, 2] == 1).all()


def test_a_cell_made_of_two_columns_is_shared():
    class Product:
        def transform(self, X):
            return (X["age"].fillna(0.0) * X["count"]).to_numpy()[:, None]

    assert owners(Product(), ROWS).tolist() == [[0.5, 0.5, 0, 0]]


def test_a_cell_that_nothing_moves_is_shared_by_the_columns_with_untried_values():
    class Rare:
        def transform(self, X):
            return (X["many"] == "t299").to_numpy(dtype=float)[:, None]

    frame = pd.DataFrame({"a": np.arange(300.0), "many": [f"t{min(n, 298)}" for n in range(300)]})
    assert owners(Rare(), frame).tolist() == [[0, 1]]


def test_steps_before_the_estimator_may_be_any():
    made = Pipeline([("columns", fitted("linear", "binary")[0]), ("same", "passthrough")])
    assert owners(made, ROWS).shape[1] == 4
