import pytest

from penstock.problems import BadRequest
from penstock.services.algorithms import KNOWN, all_named, named
from penstock.services.training_asked import Comparing, Rows, Training, Tuning
from projects.learning.candidates.listing import BY_NAME
from projects.requirement.parameters import dotted_values
from projects.requirement.read import read_requirement

CLASSES = Rows("d", task_type="classification")
NUMBERS = Rows("d", task_type="regression")


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_algorithm_is_a_candidate_of_the_training_that_can_do_the_task(task):
    kinds = {"classification": {"binary", "multiclass"}, "regression": {"regression"}}[task]
    assert all(kinds <= set(BY_NAME[name].tasks) for name in KNOWN[task])


def test_no_candidate_is_left_out():
    assert set(KNOWN["auto"]) == set(BY_NAME)


def test_an_unknown_algorithm_names_the_nearest():
    with pytest.raises(BadRequest, match=r"there is no algorithm 'xgbost'; did you mean 'xgboost'\?"):
        named("xgbost", "classification")


def test_an_algorithm_of_the_other_task_names_those_that_can():
    with pytest.raises(BadRequest, match="'ridge' cannot do classification; use one of random_forest"):
        named("ridge", "classification")


def test_spelling_is_forgiven():
    assert named("Elastic-Net", "regression") == "elastic_net"


def test_names_come_once_in_their_order():
    assert all_named(["knn", "ridge", "knn"], "regression") == ("knn", "ridge")


def test_the_defaults_of_a_training_are_the_platforms():
    given = Training(CLASSES).parameters()
    assert given["early_stopping_patience"] == "10"
    assert (given["folds"], given["register"]) == ("5", "no")


def test_a_search_makes_100_trials_of_5_folds():
    given = Tuning(CLASSES).parameters()
    assert (given["n_trials"], given["cv"], given["metric"]) == ("100", "5", "accuracy")


def test_numbers_are_compared_by_r2():
    assert Comparing(NUMBERS).parameters()["metric"] == "r2"


def test_a_size_that_was_asked_for_is_not_cut_where_candidates_are_compared():
    rows = Rows("d", task_type="classification", sample_size="50000")
    assert Comparing(rows).parameters()["compare_rows"] == "50000"


def test_an_ensembles_models_become_the_requirements_members():
    training = Training(CLASSES, "voting", {"models": ["knn", "logistic"], "voting": "hard"})
    asked = read_requirement(parameters={"set": training.parameters()["set"]})
    assert (asked.ensembles.members, asked.ensembles.voting) == (("knn", "logistic"), "hard")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"modells": []}, "voting has no parameter 'modells'"),
        ({"models": "knn; data_source=/etc/passwd"}, "there is no algorithm"),
        ({"voting": 'soft"; data_source="/etc/passwd'}, "voting must be soft or hard"),
        ({"cv": True}, "cv must be a whole number from 2 to 20"),
        ({"models": [1]}, "must be a list of names"),
    ],
)
def test_what_an_ensemble_cannot_be_made_of_is_refused(given, said):
    with pytest.raises(BadRequest, match=said):
        Training(CLASSES, "voting", given).parameters()


def test_numbers_without_end_are_no_hyperparameters():
    with pytest.raises(BadRequest, match="must be finite numbers"):
        Training(CLASSES, "knn", {"n_neighbors": float("nan")}).parameters()


def test_a_grid_is_for_grid_search_only():
    with pytest.raises(BadRequest, match="set tuning_method to grid_search"):
        Tuning(CLASSES, "knn", "optuna", param_grid={"n_neighbors": (3, 5)}).parameters()


def test_a_grids_texts_set_no_other_key():
    value = 'x"]}}; data_source=/etc/passwd; objective="'
    grid = Tuning(CLASSES, "svm", "grid_search", param_grid={"kernel": (value,)}).parameters()["set"]
    assert dotted_values(grid) == {("tuning", "grid"): {"svm": {"kernel": [value]}}}
