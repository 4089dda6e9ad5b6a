"""Versions and models that were deleted, and others that came under their names and numbers."""

import json
import uuid
from contextlib import suppress

import pytest
import sqlalchemy as sa

from penstock.audit.trail import ENTRIES
from penstock.lineage.origin import origin
from penstock.lineage.sight import Sight
from penstock.people.person import Person
from penstock.problems import BadRequest, Conflict, NotFound, Problem
from penstock.services import approvals, deploying, model_moves, models, projects
from tests.service.worked_off import run_desk

ANA, BEN = Person("ana", is_admin=True), Person("ben", is_admin=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("again")) as made:
        yield made


@pytest.fixture
def name(desk):
    return made(desk, f"churn-{uuid.uuid4().hex[:6]}")


def made(desk, name, called="1.0.0"):
    """A version of a model, which takes two people to promote."""
    with suppress(Exception):  # it may be there
        tags = {"penstock.policy": json.dumps({"promotion": {"people": 2}})}
        desk.client.create_registered_model(name, tags=tags)
    desk.client.create_model_version(name, "s3://nowhere/x", tags={"penstock.user_version": called})
    desk.versions.forget()
    return name


def asked(desk, name):
    return approvals.ask(desk, ANA, name, "1", comment="better in July").request_id


def stage(desk, name):
    return desk.client.get_model_version(name, "1").current_stage


def test_a_deleted_models_request_is_withdrawn(desk, name):
    request_id = asked(desk, name)
    models.delete_all(desk, ANA, name)
    made(desk, name)
    with pytest.raises(Conflict, match="the request is withdrawn; ask anew"):
        approvals.approve(desk, BEN, request_id)


def test_a_deleted_versions_request_is_withdrawn(desk, name):
    request_id = asked(desk, name)
    models.delete(desk, ANA, desk.versions.of(name)[0].model_id)
    (told,) = approvals.listed(desk, ANA, model=name)
    assert (told.request_id, told.state, told.why) == (request_id, "withdrawn", "its version was deleted")


def test_an_approval_is_of_the_version_that_was_asked_for(desk, name):
    request_id = asked(desk, name)
    desk.client.delete_registered_model(name)
    made(desk, name)
    with pytest.raises(BadRequest, match=f"version 1 of '{name}' that was asked for is deleted; ask anew"):
        approvals.approve(desk, BEN, request_id)
    assert (stage(desk, name), approvals.get(desk, ANA, request_id).state) == ("None", "failed")


def test_a_name_that_a_failed_training_left_without_a_version_is_given_free(desk):
    name, project = f"never-{uuid.uuid4().hex[:6]}", projects.own_default(desk, ANA)
    deploying.reserved(desk, ANA, name, project)
    assert models.delete_all(desk, ANA, name).startswith(f"model '{name}' is deleted with 0 of its versions")
    assert desk.client.search_registered_models(f"name='{name}'") == []
    with desk.database.begin(is_read_only=True) as connection:
        query = sa.select(ENTRIES.c.project, ENTRIES.c.outcome).where(ENTRIES.c.subject == f"model {name}")
        assert connection.execute(query).all() == [(project.path, "begun"), (project.path, "done")]


def test_a_model_that_there_is_not_cannot_be_deleted(desk):
    with pytest.raises(NotFound, match="there is no model 'nobody'; `GET /api/ml/models/deployed` lists"):
        models.delete_all(desk, ANA, "nobody")


def test_a_rollback_does_not_take_a_new_model_where_its_namesake_was(desk):
    name = f"shop-{uuid.uuid4().hex[:6]}"
    desk.client.create_registered_model(name)
    made(desk, name)
    made(desk, name, "2.0.0")
    for held in desk.versions.of(name)[::-1]:
        model_moves.promote(desk, ANA, held.model_id, to="Production")
    models.delete_all(desk, ANA, name, force=True)
    desk.client.create_registered_model(name)
    made(desk, name)
    made(desk, name, "2.0.0")
    model_moves.promote(desk, ANA, desk.versions.of(name)[0].model_id, to="Production")
    with pytest.raises(Problem, match="nothing to go back to"):
        model_moves.rollback(desk, ANA, name)


def test_what_a_namesake_has_answered_is_not_from_the_new_version(desk, name):
    sight, before_s = Sight(desk, ANA), desk.now_s() - 3600
    assert origin(desk, sight, name, "1").version.stage == "None"
    assert origin(desk, sight, name, "1", answered_s=before_s).version.stage == "Deleted"
