"""Boosters fitted on a cluster: the library's plain models, as good as fitted here, whatever is lost."""

import io
import pickle
import threading
import time
from itertools import chain

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression

from projects.compute.boosters import OnWorkers
from projects.learning.candidates.candidate import Making
from projects.learning.candidates.listing import BY_NAME
from tests.unit.projects.compute.cluster_fixtures import kill_one, numbers, two_for_long

TASKS = {2: "binary", 3: "multiclass", 0: "regression"}
BOOSTERS = ("lightgbm", "xgboost")
LABELS = np.array(["no", "perhaps", "yes"])
FITTING = ("_train_part-", "fn-")
"""How the keys of the tasks begin in which LightGBM and XGBoost fit, one a worker."""


@pytest.fixture(scope="module")
def two():
    with two_for_long() as made:
        yield made


@pytest.fixture
def client(two):
    return two.client()


def model(name, classes, **given):
    candidate = BY_NAME[name]
    parameters = {**candidate.defaults, "n_estimators": 40, **given}
    return candidate.make(Making(TASKS[classes], 7, 1), parameters)


def silent(_sentence):
    pass


def quality(fitted, X, y):
    return float(fitted.score(X, y))


@pytest.mark.parametrize("classes", TASKS)
@pytest.mark.parametrize("name", BOOSTERS)
def test_a_fit_on_workers_is_as_good_as_one_here(client, name, classes):
    X, y = numbers(6000, classes)
    here, said = model(name, classes).fit(X[:4000], y[:4000]), []
    there = OnWorkers(client, least_rows=100)(model(name, classes), X[:4000], y[:4000], said.append)
    # A worker that a machine at its limit loses is borne; that the workers are given up is not.
    assert not [sentence for sentence in said if "this machine" in sentence]
    assert type(there) is type(here)
    assert quality(there, X[4000:], y[4000:]) == pytest.approx(quality(here, X[4000:], y[4000:]), abs=0.02)


def test_lightgbm_knows_its_labels_and_nothing_of_the_workers(client):
    X, codes = numbers(3000, 3)
    fitted = OnWorkers(client, least_rows=100)(model("lightgbm", 3), X, LABELS[codes], silent)
    assert list(fitted.classes_) == list(LABELS)
    assert set(fitted.get_params()) == set(model("lightgbm", 3).get_params())
    assert "machines" not in fitted.booster_.model_to_string()


@pytest.mark.parametrize("name", BOOSTERS)
def test_a_model_that_was_fitted_on_workers_can_be_kept(client, name):
    X, y = numbers(3000, 2)
    fitted = OnWorkers(client, least_rows=100)(model(name, 2), X, y, silent)
    kept = pickle.load(io.BytesIO(pickle.dumps(fitted)))
    assert np.array_equal(kept.predict_proba(X), fitted.predict_proba(X))
    assert str(kept.get_params()) == str(model(name, 2).get_params())
    assert list(kept.classes_) == [0, 1]


def test_the_scheduler_holds_nothing_of_xgboosts_meeting(client):
    X, y = numbers(3000, 2)
    OnWorkers(client, least_rows=100)(model("xgboost", 2), X, y, silent)
    assert not client.run_on_scheduler(trackers)


def trackers():
    """What an XGBoost tracker of this process would wait in."""
    return [thread.name for thread in threading.enumerate() if "wait_for" in thread.name]


def test_another_model_is_fitted_here_and_it_is_said(client):
    X, y = numbers(500, 2)
    said = []
    fitted = OnWorkers(client, least_rows=100)(LogisticRegression(), X, y, said.append)
    assert fitted.score(X, y) > 0.6
    assert said == ["LogisticRegression is not fitted by workers: its last fit is done on this machine"]


@pytest.mark.parametrize("name", ["random_forest", "extra_trees"])
def test_a_forest_grown_on_workers_is_the_one_grown_here(client, name):
    X, y = numbers(2000, 2)
    here = model(name, 2).fit(X, y)
    there = OnWorkers(client, least_rows=100)(model(name, 2), X, y, silent)
    assert np.array_equal(there.predict_proba(X), here.predict_proba(X))
    assert there.n_jobs == here.n_jobs


def test_a_fit_that_workers_gave_up_leaves_no_mark_on_the_model(client):
    X, y = numbers(500, 2)
    forest, said = model("random_forest", 2), []
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        OnWorkers(client, least_rows=100)(forest, X, y[:-1], said.append)
    assert said[0].endswith("the last fit is done on this machine")
    assert forest.get_params() == model("random_forest", 2).get_params()


def test_a_stack_is_fitted_on_workers_as_here(client):
    X, y = numbers(1000, 2)
    pairs = [("one", LogisticRegression()), ("other", model("lightgbm", 2))]
    stack = StackingClassifier(pairs, final_estimator=LogisticRegression(), cv=3)
    there = OnWorkers(client, least_rows=100)(clone(stack), X, y, silent)
    assert np.allclose(there.predict_proba(X), clone(stack).fit(X, y).predict_proba(X))


def test_few_rows_are_not_sent_to_workers(client):
    X, y = numbers(500, 2)
    here = model("lightgbm", 2).fit(X, y)
    there = OnWorkers(client)(model("lightgbm", 2), X, y, silent)
    assert np.array_equal(here.predict_proba(X), there.predict_proba(X))


@pytest.mark.slow
@pytest.mark.parametrize("name", BOOSTERS)
def test_a_worker_killed_in_the_middle_costs_time_and_not_the_fit(client, name):
    X, y = numbers(60_000, 2)
    said = []
    killed = threading.Event()

    def kill_when_both_fit():
        while sum(str(key).startswith(FITTING) for key in chain(*client.processing().values())) < 2:
            time.sleep(0.02)
        time.sleep(0.3)
        kill_one(client)
        killed.set()

    threading.Thread(target=kill_when_both_fit, daemon=True).start()
    fitted = OnWorkers(client, least_rows=100)(model(name, 2, n_estimators=400), X, y, said.append)
    assert killed.is_set()
    assert said
    assert said[0].endswith("the last fit is made again")
    assert fitted.score(X, y) > 0.8
