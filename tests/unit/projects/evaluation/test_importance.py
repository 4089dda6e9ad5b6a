"""Permutation importance equals scikit-learn's on a simple case, and is bounded in time."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.inspection import permutation_importance as sklearns
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier

from projects.evaluation.importance import permutation_importance
from projects.evaluation.metrics import BY_NAME
from projects.evaluation.own_weights import own_weights
from tests.unit.projects.evaluation.evaluation_fixtures import classes_of, fitted, pipeline, table, truth

RNG = np.random.default_rng(8)


@pytest.mark.parametrize("family", ["linear", "lightgbm", "xgboost"])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_column_that_decides_weighs_most(family, task):
    frame = table(400, seed=8)
    metric = BY_NAME["rmse" if task == "regression" else "log_loss"]
    found = permutation_importance(
        fitted(family, task), frame, truth(frame, task), classes_of(task), metric, seed=1
    )
    assert found.weights[0].column == "count"
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert {weight.column for weight in found.weights} == set(frame.columns)
    assert all(weight.rounds == 5 for weight in found.weights)


def test_it_equals_scikit_learns():
    X = pd.DataFrame(RNG.normal(size=(2000, 3)), columns=list("abc"))
    y = (3 * X["a"] + X["b"]).to_numpy()
    model = LinearRegression().fit(X, y)
    found = {
        w.column: w.drop for w in permutation_importance(model, X, y, None, BY_NAME["r2"], seed=1).weights
    }
    wanted = sklearns(model, X, y, scoring="r2", n_repeats=5, random_state=1).importances_mean
    assert [found[name] for name in "abc"] == pytest.approx(wanted.tolist(), abs=0.05)


def test_ensembles_are_weighed_in_the_tables_own_columns():
    frame, y = table(400, seed=8), truth(table(400, seed=8), "binary")
    members = [("a", fitted("lightgbm", "binary")), ("b", fitted("linear", "binary"))]
    for model in (VotingClassifier(members, voting="soft"), StackingClassifier(members, cv="prefit")):
        found = permutation_importance(
            model.fit(frame, y), frame, y, classes_of("binary"), BY_NAME["roc_auc"], seed=1
        )
        assert found.weights[0].column == "count"


def test_a_model_that_gives_labels_alone_can_be_weighed():
    frame, y = table(400, seed=8), truth(table(400, seed=8), "binary")
    model = VotingClassifier([("a", fitted("lightgbm", "binary"))], voting="hard").fit(frame, y)
    found = permutation_importance(model, frame, y, classes_of("binary"), BY_NAME["f1"], seed=1)
    assert found.weights[0].column == "count"


def test_when_time_runs_out_the_heaviest_columns_have_been_looked_at():
    X = pd.DataFrame(RNG.normal(size=(300, 1200)), columns=[f"c{n}" for n in range(1200)])
    y = (2 * X["c1100"] + X["c7"]).to_numpy()
    seconds = iter(range(100_000))
    found = permutation_importance(
        LinearRegression().fit(X.iloc[:, [7, 1100]], y), X[["c7", "c1100"]], y, None, BY_NAME["rmse"], seed=1
    )
    assert found.left_out == 0
    few = permutation_importance(
        Selected(), X, y, None, BY_NAME["rmse"], seed=1, seconds=4.5, clock=lambda: float(next(seconds))
    )
    assert few.left_out > 1000
    assert [weight.column for weight in few.weights[:2]] == ["c1100", "c7"]


class Selected:
    def predict(self, X):
        return (2 * X["c1100"] + X["c7"]).to_numpy()


@pytest.mark.parametrize("family", ["linear", "lightgbm", "xgboost"])
def test_a_models_own_weights_are_added_up_by_column(family):
    found = own_weights(fitted(family, "binary"))
    assert set(found) == {"age", "count", "noise", "city"}


def test_a_model_without_weights_of_its_own_has_none():
    assert own_weights(StackingClassifier([("a", fitted("linear", "binary"))])) == {}
    assert own_weights(pipeline(KNeighborsClassifier()).fit(table(50), truth(table(50), "binary"))) == {}


def test_every_column_has_its_turn_on_fewer_rows_where_the_model_is_slow():
    class Slow:
        def predict(self, X):
            ticks.append(len(X) / 3000)
            return X["c3"].to_numpy()

    ticks: list[float] = []
    X = pd.DataFrame(RNG.normal(size=(3000, 40)), columns=[f"c{n}" for n in range(40)])
    found = permutation_importance(
        Slow(), X, X["c3"].to_numpy(), None, BY_NAME["rmse"], seed=1, seconds=10, clock=lambda: sum(ticks)
    )
    assert found.left_out == 0
    assert found.rows < 600
    assert found.weights[0].column == "c3"


def test_a_constant_model_weighs_nothing():
    class Same:
        def predict(self, X):
            return np.zeros(len(X))

    frame = table(100)
    found = permutation_importance(Same(), frame, truth(frame, "regression"), None, BY_NAME["rmse"], seed=1)
    assert found.shares == {}


def test_the_same_seed_gives_the_same_weights():
    frame = table(200)
    ask = lambda: permutation_importance(  # noqa: E731
        fitted("linear", "regression"), frame, truth(frame, "regression"), None, BY_NAME["rmse"], seed=3
    )
    assert ask() == ask()


def test_the_table_is_left_as_it_was():
    frame = table(200)
    before = frame.copy()
    permutation_importance(
        fitted("linear", "regression"), frame, truth(frame, "regression"), None, BY_NAME["rmse"], seed=3
    )
    pd.testing.assert_frame_equal(frame, before)
