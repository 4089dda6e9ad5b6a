"""Audit, lineage, removal, approvals where people sign in: each sees what MLflow's permissions let them."""

import uuid
from dataclasses import replace

import pytest

from penstock.audit.entries import Wanted
from penstock.audit.trail import Event
from penstock.people.person import Level
from penstock.problems import NotAllowed, NotFound
from penstock.services import approvals, audit, lineage, people_records, projects, removal
from penstock.services.identity import model_id
from penstock.services.people_records import Sought
from tests.service.people_fixtures import (  # noqa: F401 - a fixture
    ADA,
    ADMIN,
    BEN,
    auth_mlflow,
    needs_basic_auth,
    person,
)
from tests.service.provenance_fixtures import World

pytestmark = needs_basic_auth
ROOT = person(ADMIN)


class Signed(World):
    """A world where people sign in."""

    def __init__(self, desk):
        self.desk, self.client = desk, desk.client
        self.log = desk.settings.prediction_log_dir


@pytest.fixture(scope="module")
def world(auth_mlflow, tmp_path_factory):  # noqa: F811
    return Signed(auth_mlflow.desk(tmp_path_factory.mktemp("var")))


@pytest.fixture(scope="module")
def adas(world):
    """Ada's data set, and a version of her model that learned from it and has answered."""
    project = projects.make(world.desk, person(ADA), "own")
    dataset = world.dataset(project)
    name = f"churn {uuid.uuid4().hex[:6]}"
    world.client.create_registered_model(name)
    world.desk.rights.grant(ADA, "registered_model", name, Level.MANAGE)
    number = world.trained(dataset, name)
    world.policy(name, promotion={"people": 2})
    ids = world.answered(name, number, 2, user="u")
    return dataset, name, number, ids


def test_a_tenant_follows_their_own_prediction_to_its_file(world, adas):
    dataset, name, _, ids = adas
    found = lineage.of_prediction(world.desk, person(ADA), ids[0])
    assert found.origin.datasets[0].files[0]["sha256"] == dataset.sha256
    (touched,) = lineage.of_dataset(world.desk, person(ADA), dataset.dataset_id).touched
    assert (touched.version.model, touched.predictions) == (name, 2)


def test_another_tenant_is_told_of_nothing(world, adas):
    dataset, name, number, ids = adas
    ben, desk = person(BEN), world.desk
    for do, *arguments in (
        (lineage.of_prediction, ids[0]),
        (lineage.of_dataset, dataset.dataset_id),
        (lineage.of_dataset, dataset.sha256),
        (lineage.of_model, model_id(name, number)),
        (removal.dataset_dependents, dataset.dataset_id),
        (removal.remove_dataset, dataset.dataset_id),
        (removal.remove_project, dataset.project),
        (people_records.find, Sought(user_id="u", model=name)),
    ):
        with pytest.raises(NotFound):
            do(desk, ben, *arguments)
    assert people_records.find(desk, ben, Sought(user_id="u")).predictions == 0


def test_everybody_sees_their_own_entries_managers_their_projects_administrators_all(world, adas):
    desk = world.desk
    desk.trail.record(person(BEN), Event("dataset.read", "dataset x", "ada/own"))
    desk.trail.record(person(BEN), Event("login", "user ben"))
    desk.trail.record(ROOT, Event("login", "user admin"))

    def told(who):
        wanted = Wanted(sources=("audit",))
        return {(entry.actor, entry.subject) for entry in audit.listed(desk, who, wanted, most=1000)}

    bens = {(BEN, "dataset x"), (BEN, "user ben")}
    assert told(person(BEN)) >= bens
    assert {actor for actor, _ in told(person(BEN))} == {BEN}
    assert (BEN, "dataset x") in told(person(ADA))
    assert (BEN, "user ben") not in told(person(ADA))
    assert told(ROOT) >= bens | {(ADMIN, "user admin")}


def test_only_administrators_verify(world, adas):
    with pytest.raises(NotAllowed, match="verified by administrators; ask one"):
        audit.verified(world.desk, person(ADA))
    assert audit.verified(world.desk, ROOT).problem is None


def test_the_journal_of_moves_is_for_who_manages_the_model(world, adas):
    _, name, number, _ = adas
    request = approvals.ask(world.desk, person(ADA), name, number, comment="good")
    with pytest.raises(NotFound):
        approvals.approve(world.desk, person(BEN), request.request_id)
    world.desk.rights.grant(BEN, "registered_model", name, Level.EDIT)
    with pytest.raises(NotAllowed):
        approvals.approve(world.desk, person(BEN), request.request_id)
    world.desk.rights.grant(BEN, "registered_model", name, Level.MANAGE)
    assert approvals.approve(world.desk, person(BEN), request.request_id).state == "done"
    moved = Wanted(sources=("lifecycle",))
    assert [entry.actor for entry in audit.listed(world.desk, person(ADA), moved)] == [BEN]
    world.desk.rights.grant(BEN, "registered_model", name, Level.NONE)
    # What one did oneself stays one's own to see.
    assert [entry.actor for entry in audit.listed(world.desk, person(BEN), moved)] == [BEN]
    assert audit.listed(world.desk, replace(person(BEN), name="eve"), moved) == []
