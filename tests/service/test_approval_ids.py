"""A version's id leads whoever may not know of its model nowhere, and tells no name."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from penstock.api import approvals, asked, errors
from penstock.people.person import Level
from penstock.services.identity import model_id
from tests.service.provenance_fixtures import EVE, name_of, store_uri, world  # noqa: F401 - fixtures
from tests.service.test_approvals import Some


@pytest.fixture
def door(world):  # noqa: F811
    app = FastAPI()
    errors.install(app)
    app.include_router(approvals.router)
    app.dependency_overrides = {asked.desk_of: lambda: world.desk, asked.person_of: lambda: EVE}
    return TestClient(app)


@pytest.mark.parametrize(("level", "status"), [(Level.NONE, 404), (Level.READ, 403)])
def test_what_one_may_not_know_of_is_answered_as_what_is_not_there(world, door, level, status):  # noqa: F811
    name = name_of("secret")
    number = world.version(name)
    world.policy(name, promotion={"people": 2})
    world.desk.rights = Some(eve=level)
    body = {"model_id": model_id(name, number), "comment": "mine"}
    answer = door.post("/api/ml/approvals", json=body)
    unknown = door.post("/api/ml/approvals", json=body | {"model_id": "6f1c0d52-8a0b-5c7e-9a44-2b1d0e7f3c11"})
    assert (answer.status_code, unknown.status_code) == (status, 404)
    assert (name in answer.text) == (status == 403)
