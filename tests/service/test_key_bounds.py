"""What a service key is not for stays closed, whichever way it comes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from penstock.desk import Desk
from penstock.jobs.job import Wanted as WantedJob
from penstock.people.person import Person
from penstock.problems import NotAllowed
from penstock.services import people, projects, requirements, service_keys
from penstock.services.deploying import reserved
from serving.keys.key import Key, Wanted
from tests.service.worked_off import run_desk

ADA = Person("ada", is_admin=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("keys")) as made:
        yield made


def key(**values) -> Key:
    made = {"models": ("*",), "actions": ("manage",), "project": "", "owner": "ada"} | values
    return Key("k1", b"", "n", rate_per_s=None, burst=None, made_at=datetime.now(UTC), **made)


def test_a_key_for_some_models_makes_no_other(desk):
    project = projects.own_default(desk, ADA)
    caller = Person("ada", key=key(models=("churn*",), actions=("deploy",)))
    with pytest.raises(NotAllowed, match=r"key k1 is for models like churn\*, and 'fraud' is none of them"):
        reserved(desk, caller, "fraud", project)
    assert not desk.client.search_registered_models("name='fraud'")
    reserved(desk, caller, "churn-2", project)
    assert desk.client.get_registered_model("churn-2").tags["penstock.project"] == project.path


def test_a_key_of_an_administrator_makes_no_administrators(desk):
    caller = Person("ada", is_admin=True, key=key())
    guarded = Desk(replace(desk.settings, auth="mlflow"))
    with pytest.raises(NotAllowed, match="a key neither sees nor changes users"):
        people.make_user(guarded, caller, "eve", "a long password", is_admin=True)


def test_a_key_of_an_administrator_sees_its_owners_keys_alone(desk):
    mine = desk.keys.make(Wanted("mine", owner="ada")).key.key_id
    bens = desk.keys.make(Wanted("bens", owner="ben")).key.key_id
    seen = {each.key_id for each in service_keys.keys(desk, Person("ada", is_admin=True, key=key()))}
    assert mine in seen
    assert bens not in seen
    assert bens in {each.key_id for each in service_keys.keys(desk, ADA)}


def asked_by(desk, **wanted):
    """A job of `main` that a key asked for."""
    made = desk.keys.make(Wanted("m", owner="ada", **wanted)).key
    return desk.jobs.add(WantedJob("main", "ada", "ada/default", {}, asked={"key_id": made.key_id}))


def test_what_a_key_for_training_found_is_not_deployed(desk):
    with pytest.raises(NotAllowed, match="is not for 'deploy'; deploy job"):
        requirements._deployer(desk, asked_by(desk, actions=("train", "read")))


def test_what_a_key_asked_for_is_not_deployed_once_it_has_ended(desk):
    job = asked_by(desk, actions=("train", "deploy"))
    assert requirements._deployer(desk, job).key.key_id == job.wanted.asked["key_id"]
    desk.keys.revoke(job.wanted.asked["key_id"])
    with pytest.raises(NotAllowed, match="has ended; deploy job"):
        requirements._deployer(desk, job)
    old = asked_by(desk, actions=("deploy",), expires_at=datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(NotAllowed, match="has ended"):
        requirements._deployer(desk, old)


def test_two_keys_of_one_name_are_two_callers():
    callers = {Person("ada", key=replace(key(), key_id=each)).caller for each in ("k1", "k2")}
    assert len(callers | {Person("ada").caller}) == 3
