"""What the audit trail cannot hold is not done: projects, routes and canaries, over MLflow's own store."""

import json

import pytest

from penstock.audit.trail import ENTRIES
from penstock.audit.verify import rows
from penstock.people.person import Level
from penstock.problems import Away, NotAllowed
from penstock.services import projects, routes
from serving.lifecycle.canary.counts import LaneName
from serving.lifecycle.canary.state import State, States
from tests.service.provenance_fixtures import ANA, name_of, store_uri, world  # noqa: F401 - fixtures
from tests.service.test_approvals import Some

TAG = "penstock.route"
SPLIT = {
    "variants": {"champion": {"version": "1", "weight": 90}, "challenger": {"version": "2", "weight": 10}}
}


@pytest.fixture
def model(world):  # noqa: F811
    """A model with version 1 in Production and 2 in Staging."""
    name = name_of("churn")
    for stage in ("Production", "Staging"):
        number = world.version(name, gate="pass", project="ana/p")
        world.client.transition_model_version_stage(name, number, stage)
    return name


@pytest.fixture
def refused(world):  # noqa: F811
    """Whether an act is refused, and told, once the trail takes no more entries."""

    def is_refused(act, *values, **named):
        with world.desk.database.begin() as connection:
            ENTRIES.drop(connection)
        with pytest.raises(Away, match="nothing is done that it does not hold") as told:
            act(world.desk, ANA, *values, **named)
        return told.value.code == "audit_away"

    return is_refused


def route_of(world, model):  # noqa: F811
    return world.client.get_registered_model(model).tags.get(TAG)


def test_no_project_is_made_unrecorded(world, refused):  # noqa: F811
    name = name_of("p").replace(" ", "-")
    assert refused(projects.make, name)
    assert world.client.get_experiment_by_name(f"ana/{name}") is None
    assert world.desk.projects.get(f"ana/{name}") is None


def test_no_route_is_set_unrecorded(world, model, refused):  # noqa: F811
    assert refused(routes.put, model, SPLIT)
    assert route_of(world, model) is None


def test_no_route_is_taken_away_unrecorded(world, model, refused):  # noqa: F811
    routes.put(world.desk, ANA, model, SPLIT)
    assert refused(routes.clear, model)
    assert json.loads(route_of(world, model)) == SPLIT


def test_no_canary_is_led_unrecorded(world, model, refused):  # noqa: F811
    assert refused(routes.lead_canary, model, "start")
    assert route_of(world, model) is None


def test_what_was_done_is_recorded_before_and_after(world, model):  # noqa: F811
    name = name_of("p").replace(" ", "-")
    projects.make(world.desk, ANA, name)
    routes.put(world.desk, ANA, model, SPLIT, reason="a try")
    routes.clear(world.desk, ANA, model)
    assert world.audited() == [
        (action, subject, outcome)
        for action, subject in (
            ("project.make", f"project ana/{name}"),
            ("route.set", f"route {model}"),
            ("route.clear", f"route {model}"),
        )
        for outcome in ("begun", "done")
    ]


def test_what_became_of_a_canary_stands_in_its_second_entry(world, model):  # noqa: F811
    routes.put(world.desk, ANA, model, SPLIT)
    lanes = [LaneName(model, "1", "champion"), LaneName(model, "2", "challenger")]
    States(world.desk.database).put(
        State(model, model, "challenger", *lanes, phase="running", percent=10.0, since=world.desk.now())
    )
    routes.lead_canary(world.desk, ANA, model, "back", reason="too slow")
    told = [json.loads(entry["details"]) for entry in rows(world.desk.database, after=2)]
    asked = {"asked": "back", "reason": "too slow"}
    assert told == [asked, asked | {"begun": 3, "done": "back", "percent": 0.0}]


def test_a_refusal_to_whom_a_model_is_not_theirs_is_not_in_its_projects_trail(world, model):  # noqa: F811
    world.desk.rights = Some(ana=Level.READ)
    with pytest.raises(NotAllowed):
        routes.put(world.desk, ANA, model, SPLIT)
    with pytest.raises(NotAllowed):
        routes.clear(world.desk, ANA, model)
    assert world.audited() == []
