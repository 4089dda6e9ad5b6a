"""Fits under watch: what is told of their rounds, when they stop, and what they answer afterwards."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier
from xgboost import XGBClassifier

from penstock import ModelSelector, TrainingDashboard
from projects.errors import BadInput
from tests.unit.penstock.sdk.sdk_fixtures import prices, shop


def sides(make=shop, rows=240):
    X, y = make(rows)
    return X[:160], y[:160], X[160:], y[160:]


@pytest.fixture(scope="module")
def boosted():
    dashboard = TrainingDashboard(task_type="classification", patience=5)
    return dashboard, dashboard.train_with_monitoring("xgboost", *sides())


def test_a_booster_is_told_round_by_round(boosted):
    history = boosted[0].training_history
    assert history["unit"] == "round"
    assert history["loss"] == "log_loss"
    assert len(history["rounds"]) == len(history["train_loss"]) == len(history["validation_loss"]) > 5


def test_a_booster_is_left_with_its_best_rounds(boosted):
    dashboard, model = boosted
    history, best = dashboard.training_history, dashboard.training_summary["best_round"]
    assert history["rounds"][int(np.argmin(history["validation_loss"]))] == best
    assert model[-1].estimators_[0].get_booster().num_boosted_rounds() == best


def test_early_stopping_ends_before_all_rounds(boosted):
    summary = boosted[0].training_summary
    assert summary["early_stopped"]
    assert summary["best_round"] < summary["rounds"] < 2000


def test_the_summary_has_time_samples_and_scores(boosted):
    summary = boosted[0].get_training_summary()
    assert summary["training_time_s"] > 0
    assert summary["samples"] == {"train": 160, "validation": 80}
    assert summary["validation_metrics"]["f1"] == summary["validation_metrics"]["f1_score"]


def test_validation_scores_are_those_of_the_returned_model(boosted):
    dashboard, model = boosted
    _, _, X_val, y_val = sides()
    assert dashboard.training_summary["validation_metrics"]["accuracy"] == np.mean(
        model.predict(X_val) == y_val
    )


def test_the_losses_are_drawn_and_saved(boosted, tmp_path):
    figure = boosted[0].plot_training_history(save_path=tmp_path / "new" / "loss.png")
    assert (tmp_path / "new" / "loss.png").stat().st_size > 5000
    assert len(figure.axes[0].lines) == 3


def test_a_tuned_model_is_trained_again_in_place():
    found = ModelSelector().random_search(*shop(), model_name="lightgbm", n_trials=1, cv=2)
    dashboard = TrainingDashboard()
    assert dashboard.train_with_monitoring(found["best_model"], *sides()) is found["best_model"]
    assert dashboard.training_summary["algorithm"] == "LGBMClassifier"


def test_numbers_have_their_root_mean_squared_error():
    dashboard = TrainingDashboard(task_type="regression")
    model = dashboard.train_with_monitoring("lightgbm", *sides(prices))
    history = dashboard.training_history
    X, y, *_ = sides(prices)
    last = np.sqrt(np.mean((model.predict(X) - y) ** 2))
    at_best = history["rounds"].index(history["best_round"])
    assert history["loss"] == "rmse"
    assert history["train_loss"][at_best] == pytest.approx(last, rel=1e-6)


@pytest.mark.parametrize(
    "model", [MLPClassifier((4,), max_iter=30, random_state=0), SGDClassifier(max_iter=20, random_state=0)]
)
def test_what_learns_in_epochs_is_told_epoch_by_epoch(model):
    X, y, X_val, y_val = sides()
    X, X_val = X[["size"]].fillna(10.0), X_val[["size"]].fillna(10.0)
    dashboard = TrainingDashboard(patience=5)
    assert dashboard.train_with_monitoring(model, X, y, X_val, y_val) is model
    history = dashboard.training_history
    assert history["unit"] == "epoch"
    assert len(history["train_loss"]) == len(history["rounds"])
    assert model.predict(X_val).shape == (80,)


def test_a_forest_is_told_but_never_stopped():
    dashboard = TrainingDashboard(patience=1)
    X, y, X_val, y_val = sides()
    forest = RandomForestClassifier(40, random_state=0)
    model = dashboard.train_with_monitoring(forest, X, y, X_val, y_val)
    assert dashboard.training_history["rounds"] == [10, 20, 30, 40]
    assert len(model[-1].estimators_) == 40


def test_without_patience_all_rounds_are_made():
    from lightgbm import LGBMClassifier

    dashboard = TrainingDashboard(patience=None)
    model = dashboard.train_with_monitoring(LGBMClassifier(n_estimators=30, verbosity=-1), *sides())
    assert dashboard.training_summary["rounds"] == 30
    assert not dashboard.training_summary["early_stopped"]
    assert model[-1].n_estimators_ == 30


def test_what_is_fitted_at_once_has_one_point_and_no_curve():
    dashboard = TrainingDashboard()
    dashboard.train_with_monitoring("logistic", *sides())
    assert dashboard.history["rounds"] == [1]
    with pytest.raises(BadInput, match="logistic has no rounds to draw"):
        dashboard.plot_training_history()


def test_an_estimator_that_can_take_the_columns_stays_itself():
    X, y, X_val, y_val = sides()
    X, X_val = X[["size"]].fillna(10.0), X_val[["size"]].fillna(10.0)
    model = LogisticRegression()
    assert TrainingDashboard().train_with_monitoring(model, X, y, X_val, y_val) is model


def test_an_estimator_that_cannot_gets_a_preparation():
    model = TrainingDashboard().train_with_monitoring(LogisticRegression(), *sides())
    assert model.predict(sides()[2]).shape == (80,)


def test_an_ensemble_is_trained():
    vote = ModelSelector().create_voting_ensemble(["logistic", "decision_tree"])
    X, y, X_val, y_val = sides()
    columns = ["size", "city"]
    model = TrainingDashboard().train_with_monitoring(vote, X[columns], y, X_val[columns], y_val)
    assert np.mean(model.predict(X_val[columns]) == y_val) > 0.7


def test_a_bar_is_shown_if_it_is_asked_for(capsys):
    TrainingDashboard(show_progress=True).train_with_monitoring("decision_tree", *sides())
    assert "training decision_tree" in capsys.readouterr().err


def test_nothing_is_printed_where_nobody_watches(capsys):
    TrainingDashboard().train_with_monitoring("decision_tree", *sides())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({1: ["yes"] * 160}, "target 'y_train' has one class only"),
        ({3: ["maybe"] * 80}, "has 'maybe' in row 0, which is none of the model's labels: 'no', 'yes'"),
        ({3: ["yes"] * 7}, "X_val has 80 rows and y_val has 7"),
        ({2: pd.DataFrame()}, "X_val has no columns"),
        ({2: shop()[0][["size"]][:80]}, "the model was fitted on a column 'city', which X has not"),
    ],
)
def test_rows_that_do_not_fit_together_are_told(change, sentence):
    given = [change.get(place, side) for place, side in enumerate(sides())]
    with pytest.raises(BadInput, match=sentence):
        TrainingDashboard().train_with_monitoring("decision_tree", *given)


def test_a_summary_of_nothing_is_told():
    with pytest.raises(BadInput, match="nothing was fitted yet; call train_with_monitoring first"):
        TrainingDashboard().get_training_summary()


@pytest.mark.parametrize("rate", [None, 0.2])
@pytest.mark.parametrize("labels", [("ja", "nein"), (0, 1), (False, True)], ids=str)
def test_xgboosts_own_classifier_learns_whatever_its_labels_are(rate, labels):
    X, y, X_val, y_val = sides()
    codes = {label: at for at, label in enumerate(sorted(set(y)))}
    y, y_val = (np.array([labels[codes[each]] for each in told]) for told in (y, y_val))
    dashboard = TrainingDashboard(task_type="classification", patience=5)
    fitted = dashboard.train_with_monitoring(XGBClassifier(learning_rate=rate), X, y, X_val, y_val)
    assert set(fitted.predict(X_val)) <= set(labels)
    assert dashboard.training_summary["validation_metrics"]["accuracy"] == np.mean(
        fitted.predict(X_val) == y_val
    )


@pytest.mark.parametrize("make", [MLPClassifier, SGDClassifier])
def test_a_model_that_stops_by_itself_is_stopped_by_the_watch(make):
    X, y, X_val, y_val = sides()
    columns = X.select_dtypes("number").columns
    model = make(early_stopping=True, max_iter=30, random_state=0)
    dashboard = TrainingDashboard(task_type="classification", patience=5)
    fitted = dashboard.train_with_monitoring(model, X[columns].fillna(0), y, X_val[columns].fillna(0), y_val)
    assert (fitted.early_stopping, dashboard.training_history["unit"]) == (True, "epoch")


def test_xgboosts_own_classifier_takes_a_column_as_a_frame():
    X, y, X_val, y_val = sides()
    dashboard = TrainingDashboard(task_type="classification")
    fitted = dashboard.train_with_monitoring(
        XGBClassifier(n_estimators=3), X, pd.DataFrame({"bought": y}), X_val, y_val
    )
    assert set(fitted.predict(X_val)) <= set(y)
