"""A notebook on the platform's own registry: its moves stand on the trail, and its policy holds for them."""

import json

import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

from penstock import ModelDeployment
from penstock.audit.entries import Wanted
from penstock.people.person import Person
from penstock.services import audit, traffic
from projects.errors import BadInput
from serving.lifecycle.errors import PeopleNeededError
from tests.service.worked_off import run_desk

ADA = Person("ada", is_admin=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(80, 2))
    return LogisticRegression().fit(X, X[:, 0] > 0)


def save(deployment, fitted, name, version="1.0.0"):
    return deployment.save_model(model=fitted, name=name, version=version, feature_names=["a", "b"])


def trail(desk, what):
    wanted = Wanted(subject=what, sources=("audit",))
    return {(entry.action, entry.outcome) for entry in audit.listed(desk, ADA, wanted)}


def test_what_a_notebook_does_is_on_the_trail(desk, fitted):
    deployment = ModelDeployment()
    first, second = (save(deployment, fitted, "kept", version) for version in ("1", "2"))
    for model_id in (first, second):
        deployment.promote_to_production(model_id, reason="better")
    deployment.rollback("kept")
    deployment.archive(second)
    done = {action for action, outcome in trail(desk, "model kept") if outcome == "done"}
    assert done == {"model.deploy", "model.promote", "model.rollback", "model.archive"}


def test_a_notebook_cannot_promote_alone_where_the_policy_asks_for_two(desk, fitted):
    deployment = ModelDeployment()
    model_id = save(deployment, fitted, "guarded")
    policy = json.dumps({"promotion": {"people": 2}})
    MlflowClient().set_registered_model_tag("guarded", "penstock.policy", policy)
    with pytest.raises(PeopleNeededError, match="2 people must agree"):
        deployment.promote_to_production(model_id)
    assert deployment.list_models(name="guarded")[0]["status"] == "staged"
    assert ("model.promote", "failed") in trail(desk, "model guarded")


def test_a_test_that_a_notebook_sets_up_is_listed_by_the_platform(desk, fitted):
    deployment = ModelDeployment()
    a, b = (save(deployment, fitted, "tested", version) for version in ("1", "2"))
    for share in (0.5, 0.2, 0.2):
        deployment.setup_ab_test(a, b, "notebook-test", split_ratio=share)
    (shown,) = traffic.listed(desk, ADA)
    assert (shown.status, shown.split_ratio, shown.test.arms["b"].model_id) == ("running", 0.2, b)

    with pytest.raises(BadInput, match="there is a test 'notebook-test' of other versions"):
        deployment.setup_ab_test(b, a, "notebook-test")


def test_a_folder_has_no_trail(desk, fitted, tmp_path):
    save(ModelDeployment(models_dir=tmp_path / "models"), fitted, "apart")
    assert trail(desk, "apart") == set()
