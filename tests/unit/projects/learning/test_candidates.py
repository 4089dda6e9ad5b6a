"""Every algorithm, by its name, learns and answers in each of its tasks; names are checked."""

from dataclasses import replace

import cloudpickle
import numpy as np
import pytest

from projects.errors import BadInput
from projects.learning.candidates import neural
from projects.learning.candidates.candidate import Making
from projects.learning.candidates.listing import BY_NAME, CANDIDATES, choose, parse_candidates
from tests.unit.projects.learning.learning_fixtures import contest, ground

CLASSIFIERS = [
    "random_forest", "xgboost", "lightgbm", "logistic", "svm", "decision_tree", "knn", "naive_bayes",
    "gradient_boosting", "adaboost", "extra_trees", "mlp", "lstm",
]  # fmt: skip
REGRESSORS = [
    "random_forest", "xgboost", "lightgbm", "linear", "ridge", "lasso", "elastic_net", "svr", "decision_tree",
    "knn", "gradient_boosting", "adaboost", "extra_trees", "mlp", "lstm",
]  # fmt: skip


def won(name, task):
    """One fold is enough here; nets make few epochs."""
    if name in ("mlp", "lstm"):
        pytest.importorskip("torch")
    fixed = {name: {"max_epochs": 8, "hidden_size": 16}} if name in ("mlp", "lstm") else {}
    place = ground(task)
    place = replace(place, rows=replace(place.rows, folds=place.rows.folds[:1]))
    return contest((BY_NAME[name],), task, fixed=fixed, ground=place).run()


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_classifier_learns_classes(name, task):
    winner = won(name, task)
    assert winner.name == name
    assert winner.scores["accuracy"] > 1.3 / len(winner.answers.classes)
    assert set(winner.pipeline.classes_) == set(winner.answers.classes)


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_learns_numbers(name):
    assert won(name, "regression").scores["r2"] > (0.1 if name in ("mlp", "lstm", "svr") else 0.5)


def test_the_table_lists_every_algorithm():
    assert {each.name for each in CANDIDATES if "binary" in each.tasks} == set(CLASSIFIERS)
    assert {each.name for each in CANDIDATES if "regression" in each.tasks} == set(REGRESSORS)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_a_grid_names_parameters_that_the_candidate_has(candidate):
    values = {name: options[0] for name, options in candidate.grid.items()}
    for task in candidate.tasks:
        made = candidate.make(Making(task, 1, rows=100), {**candidate.defaults, **values})
        assert made is not None


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_its_portfolio_names_parameters_that_it_tunes(candidate):
    for start in candidate.portfolio:
        assert set(start) <= set(candidate.spans)


def test_a_penalty_is_tuned_in_the_unit_of_the_target():
    scaled = BY_NAME["lasso"].scaled_to(1000.0)
    assert scaled.defaults["alpha"] == pytest.approx(1000 * BY_NAME["lasso"].defaults["alpha"])
    assert scaled.spans["alpha"].high == pytest.approx(1000 * BY_NAME["lasso"].spans["alpha"].high)


def test_names_are_read_in_any_order_once():
    assert parse_candidates("xgboost, Ridge,xgboost") == ("xgboost", "ridge")


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match=r"there is no candidate 'xgbost'; did you mean 'xgboost'\?"):
        parse_candidates("xgbost")


def test_no_candidate_for_the_task_is_refused():
    with pytest.raises(BadInput, match="no candidate of ridge can do binary; decision_tree, lightgbm"):
        choose(["ridge"], "binary")


def test_a_named_candidate_that_cannot_do_the_task_is_left_out_with_a_reason():
    assert choose(["ridge", "lightgbm"], "binary").left_out == {"ridge": "it cannot do binary"}


@pytest.fixture
def no_torch(monkeypatch):
    monkeypatch.setattr(neural.importlib.util, "find_spec", lambda _name: None)


def test_without_torch_all_leaves_the_nets_out_and_says_so(no_torch):
    chosen = choose(["all"], "binary")
    assert "mlp" not in [each.name for each in chosen.candidates]
    assert chosen.left_out["lstm"] == "it needs PyTorch, which is not installed; pip install 'torch>=2.6,<3'"


def test_without_torch_a_named_net_is_refused(no_torch):
    with pytest.raises(BadInput, match="the candidate mlp: it needs PyTorch, which is not installed"):
        choose(["mlp"], "binary")


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "svm"])
def test_the_pickled_pipeline_names_nothing_of_the_search(name):
    assert b"projects.learning" not in cloudpickle.dumps(won(name, "binary").pipeline)


def test_a_model_answers_the_same_for_the_same_seed():
    first, second = (won("lightgbm", "binary").answers.probabilities for _ in range(2))
    np.testing.assert_array_equal(first, second)
