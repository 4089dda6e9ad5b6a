"""Models compared, tuned and put together on the pipelines' folds and search."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import StackingClassifier, VotingClassifier, VotingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.svm import LinearSVC

from penstock import ModelSelector
from projects.errors import BadInput
from tests.unit.penstock.sdk.sdk_fixtures import prices, shop

FAST = ["logistic", "decision_tree"]


@pytest.fixture(scope="module")
def compared():
    """A selector after a comparison, with its ranking."""
    selector = ModelSelector(task_type="classification")
    return selector, selector.compare_models(*shop(), models=[*FAST, "naive_bayes"], cv=3)


def test_a_ranking_has_a_row_a_model_best_first(compared):
    _, ranking = compared
    assert list(ranking.columns[:3]) == ["model", "mean_score", "std_score"]
    assert set(ranking["model"]) == {*FAST, "naive_bayes"}
    assert ranking["mean_score"].is_monotonic_decreasing


def test_a_ranking_becomes_the_apis_records(compared):
    _, ranking = compared
    records = ranking[["model", "mean_score", "std_score"]].to_dict("records")
    assert all(isinstance(each["mean_score"], float) for each in records)


def test_the_best_model_takes_rows_as_they_are_given(compared):
    selector, ranking = compared
    X, y = shop(seed=9)
    assert np.mean(selector.best_model.predict(X) == y) > 0.8
    assert selector.best_model_name == ranking["model"][0]


def test_a_row_that_lacks_a_column_is_told(compared):
    with pytest.raises(BadInput, match="the model was fitted on a column 'city', which X has not"):
        compared[0].best_model.predict(shop()[0].drop(columns="city"))


def test_unseen_categories_and_gaps_are_answered(compared):
    row = pd.DataFrame({"size": [None], "city": ["Paris"], "fee": [None]})
    assert compared[0].best_model.predict(row)[0] in ("yes", "no")


def test_an_estimator_scores_what_scikit_learn_says_of_it():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(90, 3)), columns=list("abc"))
    y = (X["a"] + X["b"] ** 2 > 1).astype(int)
    folds = KFold(3, shuffle=True, random_state=1)
    model = ModelSelector().create_voting_ensemble(FAST)
    found = ModelSelector().compare_models(X, y, models={"vote": model}, cv=folds)
    theirs = cross_val_score(model, X, y, cv=folds, scoring="accuracy")
    assert found["mean_score"][0] == pytest.approx(theirs.mean())
    assert found["std_score"][0] == pytest.approx(theirs.std())


def test_names_and_estimators_are_compared_together():
    models = ["logistic", ("mine", LogisticRegression(C=0.1)), LinearSVC()]
    found = ModelSelector().compare_models(*shop(), models=models, cv=3)
    assert set(found["model"]) == {"logistic", "mine", "LinearSVC"}


def test_rows_in_the_order_of_time_are_folded_so():
    found = ModelSelector().compare_models(*shop(), models=FAST, cv=3, cv_strategy="time_series")
    assert found["mean_score"].notna().all()


def test_numbers_are_ranked_by_r2():
    selector = ModelSelector(task_type="regression")
    found = selector.compare_models(*prices(), models=["linear", "decision_tree", "lasso"], cv=3)
    assert found["mean_score"][0] > 0.99
    assert {"rmse", "mae"} <= set(found.columns)


def test_another_metric_may_rank():
    selector = ModelSelector(task_type="regression", scoring="rmse")
    found = selector.compare_models(*prices(), models=["linear", "decision_tree"], cv=3)
    assert found["mean_score"].is_monotonic_increasing


def test_arrays_do_too():
    X = np.random.default_rng(0).normal(size=(80, 3))
    selector = ModelSelector()
    selector.compare_models(X, (X[:, 0] > 0).astype(int), models=["logistic"], cv=3)
    assert np.mean(selector.best_model.predict(X) == (X[:, 0] > 0)) > 0.9


def test_a_model_that_fails_stands_last_with_why():
    class Broken(LogisticRegression):
        def fit(self, X, y):
            raise RuntimeError("no fit today")

    with pytest.warns(UserWarning, match="Broken could not be fitted: RuntimeError: no fit today"):
        found = ModelSelector().compare_models(*shop(), models=["logistic", Broken()], cv=3)
    assert found["model"].tolist() == ["logistic", "Broken"]
    assert np.isnan(found["mean_score"][1])
    assert "no fit today" in found["error"][1]


@pytest.mark.parametrize(
    ("task_type", "models", "sentence"),
    [
        ("classification", ["logistik"], "there is no model 'logistik'; did you mean 'logistic'"),
        ("regression", ["logistic"], "the model 'logistic' cannot do regression; .*linear"),
        ("regression", [LogisticRegression()], "LogisticRegression cannot do regression"),
        ("classification", [Ridge], "a model is named by the API's name"),
        ("classification", [], "name one model at least"),
    ],
)
def test_models_that_cannot_be_are_told(task_type, models, sentence):
    with pytest.raises(BadInput, match=sentence):
        ModelSelector(task_type=task_type).compare_models(*shop(), models=models)


@pytest.mark.parametrize(
    ("X", "y", "options", "sentence"),
    [
        (shop()[0], ["yes"] * 240, {}, "target 'y' has one class only"),
        (shop()[0], shop()[1][:9], {}, "X has 240 rows and y has 9"),
        (shop()[0][:6], shop()[1][:6], {}, "6 rows are too few to compare models on"),
        (shop()[0], shop()[1], {"cv": 1}, "cv must be a number of folds from 2 to 20, not 1"),
        (shop()[0], shop()[1], {"cv": "five"}, "cv must be a number of folds"),
        (shop()[0], shop()[1], {"cv_strategy": "kfolds"}, "did you mean 'kfold'"),
        (shop()[0].assign(size=np.inf), shop()[1], {}, "must hold finite numbers; row 0 has inf"),
        (pd.DataFrame({"x": [None] * 20}), [0, 1] * 10, {}, "no column is left to learn from"),
    ],
)
def test_rows_and_options_that_cannot_be_are_told(X, y, options, sentence):
    with pytest.raises(BadInput, match=sentence):
        ModelSelector().compare_models(X, y, models=["logistic"], **options)


def test_an_unknown_metric_is_told_at_once():
    with pytest.raises(BadInput, match="there is no metric 'acuracy'; did you mean 'accuracy'"):
        ModelSelector(scoring="acuracy")


def test_there_is_no_best_model_before_a_comparison():
    with pytest.raises(BadInput, match="call compare_models or optuna_search first"):
        _ = ModelSelector().best_model


@pytest.mark.parametrize("method", ["optuna_search", "random_search"])
def test_a_search_gives_parameters_score_and_fitted_model(method):
    X, y = shop()
    selector = ModelSelector()
    found = getattr(selector, method)(X, y, model_name="decision_tree", n_trials=4, cv=3)
    assert found["best_params"].keys() >= {"max_depth", "min_samples_leaf"}
    assert found["n_trials"] == 4
    assert found["best_score"] >= found["default_score"]
    assert np.mean(found["best_model"].predict(X) == y) > 0.8
    assert found["best_model"] is selector.best_model
    assert len(found["trials"]) == 5


def test_a_grid_is_gone_through():
    found = ModelSelector().grid_search(
        *shop(), model_name="decision_tree", param_grid={"max_depth": [2, 3]}, cv=3
    )
    assert set(found["trials"]["max_depth"]) >= {2, 3}
    assert found["n_trials"] == 2


def test_a_parameter_that_is_not_there_is_told():
    with pytest.raises(BadInput, match=r"decision_tree has no parameter 'depth'"):
        ModelSelector().grid_search(*shop(), model_name="decision_tree", param_grid={"depth": [2]})


def test_an_unknown_option_of_a_search_is_told():
    with pytest.raises(BadInput, match="an option of a search must be one of cv"):
        ModelSelector().optuna_search(*shop(), model_name="decision_tree", folds=3)


def test_a_seed_finds_the_same():
    first, again = (
        ModelSelector(random_state=3).random_search(*shop(), model_name="decision_tree", n_trials=3, cv=3)
        for _ in range(2)
    )
    assert first["best_params"] == again["best_params"]
    assert first["best_score"] == again["best_score"]


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_a_vote_is_fitted_on_rows_as_they_are(voting):
    X, y = shop()
    vote = ModelSelector().create_voting_ensemble(models=FAST, voting=voting).fit(X[["size", "city"]], y)
    assert isinstance(vote[-1], VotingClassifier)
    assert np.mean(vote.predict(X[["size", "city"]]) == y) > 0.8


def test_a_vote_takes_the_parameters_that_were_found(compared):
    selector, _ = compared
    vote = selector.create_voting_ensemble(models=["decision_tree", "logistic"])
    member = dict(vote[-1].estimators)["decision_tree"]
    known = next(each for name, each in selector._found.items() if name == "decision_tree")
    assert member.max_depth == known.named.parameters["max_depth"]


def test_without_names_the_best_of_the_comparison_vote(compared):
    vote = compared[0].create_voting_ensemble()
    assert [name for name, _ in vote[-1].estimators] == compared[1]["model"].tolist()


def test_a_stack_learns_from_its_members(compared):
    X, y = shop()
    stack = compared[0].create_stacking_ensemble(base_models=FAST, meta_model="logistic", cv=3).fit(X, y)
    assert isinstance(stack[-1], StackingClassifier)
    assert np.mean(stack.predict(X) == y) > 0.8


def test_a_bag_holds_its_model_many_times(compared):
    X, y = shop()
    bag = compared[0].create_bagging_ensemble("decision_tree", n_estimators=3).fit(X, y)
    assert len(bag[-1].estimators_) == 3


def test_numbers_vote_by_their_mean():
    X, y = prices()
    vote = ModelSelector("regression").create_voting_ensemble(["linear", "svr"]).fit(X, y)
    assert isinstance(vote[-1], VotingRegressor)
    assert vote.score(X, y) > 0.8


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda s: s.create_voting_ensemble(["logistic"]), "needs 2 models at least, not 1"),
        (lambda s: s.create_voting_ensemble(FAST, voting="softly"), "voting must be one of soft, hard"),
        (lambda s: s.create_voting_ensemble(FAST, weights=[1]), "weights must be one a model: 2, not 1"),
        (lambda s: s.create_voting_ensemble(), "name the models of the ensemble"),
        (lambda s: s.create_stacking_ensemble(FAST, cv=1), "cv must be a whole number from 2 to 20, not 1"),
    ],
)
def test_ensembles_that_cannot_be_are_told(make, sentence):
    with pytest.raises(BadInput, match=sentence):
        make(ModelSelector())


def test_a_search_leaves_what_was_compared():
    selector = ModelSelector(task_type="classification")
    selector.compare_models(*shop(), models=FAST, cv=2)
    selector.random_search(*shop(), "decision_tree", n_trials=1, cv=2)
    assert {name for name, _ in selector.create_voting_ensemble()[-1].estimators} == set(FAST)
