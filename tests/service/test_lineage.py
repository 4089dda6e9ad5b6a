"""From a prediction to a file and back, over MLflow's own store; the whole way once on a live stack."""

import uuid

import pytest

from penstock.people.person import Level
from penstock.people.rights import OpenRights
from penstock.problems import NotFound
from penstock.services import lineage
from penstock.services.identity import model_id
from serving.lifecycle.moves import Lifecycle
from serving.lifecycle.routes import Routes
from serving.prediction_log.record import new_prediction_id
from tests.service.provenance_fixtures import (  # noqa: F401 - fixtures
    ANA,
    COMMIT,
    EVE,
    name_of,
    store_uri,
    world,
)
from tests.service.test_approvals import Some


@pytest.fixture
def desk(world):  # noqa: F811
    return world.desk


@pytest.fixture
def trained(world):  # noqa: F811
    """An uploaded file, cleaned, trained on, promoted, answering."""
    root = world.dataset(world.project())
    clean = world.child(root)
    name = name_of("churn")
    number = world.trained(clean, name)
    Lifecycle(world.client, world.desk.settings.database_url, actor="ana").promote(
        name, number, reason="good"
    )
    world.desk.versions.forget()
    ids = world.answered(name, number, 3)
    return root, clean, name, number, ids


def test_a_prediction_leads_to_its_version_run_commit_data_file_and_people(desk, trained):
    root, clean, name, number, ids = trained
    found = lineage.of_prediction(desk, ANA, ids[0])
    origin = found.origin
    assert (found.rows[0]["prediction_id"], found.rows[0]["features"]["plan"]) == (ids[0], "basic")
    assert (origin.version.model, origin.version.version, origin.version.stage) == (
        name,
        number,
        "Production",
    )
    assert (origin.run.git_commit, origin.run.entry_point) == (COMMIT, "train")
    assert origin.run.parameters == {"data": f"runs:/{clean.run_id}", "seed": "7"}
    assert (origin.job.owner, origin.job.asked["dataset_id"]) == ("ana", clean.dataset_id)
    assert [each.dataset_id for each in origin.datasets] == [clean.dataset_id, root.dataset_id]
    (file,) = origin.datasets[1].files
    assert (file["shown"], file["sha256"], origin.datasets[1].owner) == ("table.csv", root.sha256, "ana")
    assert origin.datasets[1].steps[0]["name"] == "read"
    assert found.notices == ()


def test_what_put_a_version_where_it_is_is_told(world, desk, trained):  # noqa: F811
    *_, name, number, _ = trained
    other = world.version(name)
    text = '{"variants": {"a": {"version": "%s", "weight": 100}}}'
    routes = Routes(world.client, desk.settings.database_url, actor="ben")
    routes.set(name, text % number, reason="try")
    routes.set(f"{name}-b", text % other, model=name)
    events = lineage.of_model(desk, ANA, model_id(name, number)).events
    assert [(each.kind, each.action, each.actor, each.reason) for each in events] == [
        ("move", "promote", "ana", "good"), ("route", "set", "ben", "try"),
    ]  # fmt: skip


def test_a_file_leads_to_every_prediction_that_it_touched(desk, trained):
    root, clean, name, _number, ids = trained
    found = lineage.of_dataset(desk, ANA, root.dataset_id)
    assert [each.dataset_id for each in found.became] == [clean.dataset_id]
    (touched,) = found.touched
    assert (touched.version.model, touched.through, touched.predictions) == (name, clean.dataset_id, 3)
    assert 0 < touched.first_s <= touched.last_s
    page = lineage.predictions_of(desk, ANA, root.dataset_id, touched.version.model_id, most=2)
    rest = lineage.predictions_of(
        desk, ANA, root.dataset_id, touched.version.model_id, before=page.predictions[-1]
    )
    every = [each.prediction_id for each in (*page.predictions, *rest.predictions)]
    assert sorted(every) == sorted(ids)


def test_a_file_is_found_by_its_digest_too(desk, trained):
    root, *_ = trained
    found = lineage.of_dataset(desk, ANA, root.sha256)
    assert root.dataset_id in [each.dataset_id for each in found.datasets]


def test_a_data_set_leads_up_to_its_file(desk, trained):
    root, clean, *_ = trained
    assert [each.dataset_id for each in lineage.of_dataset(desk, ANA, clean.dataset_id).made_of] == [
        root.dataset_id
    ]


def test_a_removed_data_set_still_has_its_lineage(world, desk, trained):  # noqa: F811
    from penstock.services import removal

    root, clean, _, _, ids = trained
    removal.remove_dataset(desk, ANA, clean.dataset_id, force=True)
    found = lineage.of_prediction(desk, ANA, ids[0])
    assert found.origin.datasets[0].removed_s > 0
    assert found.origin.datasets[1].files[0]["sha256"] == root.sha256


def test_a_version_trained_without_the_platform_resolves_as_far_as_its_run_tells(world, desk):  # noqa: F811
    name, project = name_of("alone"), world.project()
    run_id = world.run(project, "main", data="/home/ana/rows.csv")
    number = world.version(name, run_id, data_sha256="f" * 64)
    (name_of_it,) = world.answered(name, number)
    found = lineage.of_prediction(desk, ANA, name_of_it)
    assert (found.origin.run.parameters["data"], found.origin.job) == ("/home/ana/rows.csv", None)
    assert found.origin.version.data_sha256 == "f" * 64
    assert found.notices == (
        "no data set of the platform is known to be what it learned from",
        "it was trained outside of the platform, or its job is not for you to see",
    )


def test_a_version_of_the_same_bytes_is_a_learner_without_a_name(world, desk):  # noqa: F811
    dataset, name = world.dataset(world.project(), b"other bytes\n"), name_of("alone")
    world.version(name, data_sha256=dataset.sha256)
    (touched,) = lineage.of_dataset(desk, ANA, dataset.dataset_id).touched
    assert (touched.version.model, touched.through, touched.predictions) == (name, "", 0)


def test_a_version_that_the_registry_has_no_more_is_said(world, desk, trained):  # noqa: F811
    *_, name, number, ids = trained
    world.client.transition_model_version_stage(name, number, "Archived")
    world.client.delete_model_version(name, number)
    found = lineage.of_prediction(desk, ANA, ids[0])
    assert (found.origin.version.stage, found.origin.run) == ("Deleted", None)
    assert found.notices[0] == f"the registry has version {number} of '{name}' no more"


def test_parents_that_go_round_are_walked_once(world, desk):  # noqa: F811
    project = world.project()
    first = world.dataset(project)
    second = world.dataset(project, parent_id=first.dataset_id)
    desk.datasets.change(first.dataset_id, {"parent_id": second.dataset_id})
    assert len(lineage.of_dataset(desk, ANA, first.dataset_id).made_of) == 1


@pytest.mark.parametrize("name", ["x", "' OR 1=1 --", "../..", "\ud800", "0" * 64])
def test_ids_of_nothing_are_all_answered_alike(desk, name):
    with pytest.raises(NotFound, match="there is no prediction"):
        lineage.of_prediction(desk, ANA, name)
    with pytest.raises(NotFound, match="there is no data set"):
        lineage.of_dataset(desk, ANA, name)
    with pytest.raises(NotFound, match="there is no model"):
        lineage.of_model(desk, ANA, name)


def sentence(do, *arguments):
    with pytest.raises(NotFound) as refused:
        do(*arguments)
    return str(refused.value)


def test_another_tenants_ids_are_answered_as_unknown_ones(desk, trained):
    root, _, name, number, ids = trained
    desk.rights = Some(ana=Level.MANAGE)
    unknown = new_prediction_id()
    mine = sentence(lineage.of_prediction, desk, EVE, ids[0])
    assert mine.replace(ids[0], unknown) == sentence(lineage.of_prediction, desk, EVE, unknown)
    for do, there, nowhere in (
        (lineage.of_dataset, root.dataset_id, "1" * 36),
        (lineage.of_dataset, root.sha256, "1" * 64),
        (lineage.of_model, model_id(name, number), "1" * 36),
    ):
        assert sentence(do, desk, EVE, there).replace(there, nowhere) == sentence(do, desk, EVE, nowhere)
    assert "no data set" in sentence(
        lineage.predictions_of, desk, EVE, root.dataset_id, model_id(name, number)
    )


def test_with_a_model_alone_data_and_run_are_not_told(world, desk, trained):  # noqa: F811
    *_, name, _, ids = trained

    class ModelOnly(Some):
        def level(self, person, kind, named):
            return Level.READ if kind == "registered_model" else Level.NONE

    desk.rights = ModelOnly()
    origin = lineage.of_prediction(desk, EVE, ids[0]).origin
    assert (origin.version.model, origin.run, origin.job, origin.datasets) == (name, None, None, ())
    assert origin.hidden_datasets == 2


def test_a_model_that_did_not_learn_from_it_has_no_predictions_of_it(world, desk, trained):  # noqa: F811
    root, *_ = trained
    other = name_of("other")
    number = world.version(other)
    with pytest.raises(NotFound, match=r"no model with the id .* learned from data set"):
        lineage.predictions_of(desk, ANA, root.dataset_id, model_id(other, number))


def test_reading_is_recorded(world, desk, trained):  # noqa: F811
    root, *_, ids = trained
    lineage.of_prediction(desk, ANA, ids[0])
    lineage.of_dataset(desk, ANA, root.dataset_id)
    assert [action for action, *_ in world.audited()] == ["lineage.read", "lineage.read"]


def test_copies_of_strangers_do_not_hide_ones_own(world, monkeypatch):  # noqa: F811
    monkeypatch.setattr(lineage, "_MOST_COPIES", 2)
    content = uuid.uuid4().bytes
    mine, theirs = world.project(), world.project(owner="eve")
    own = world.dataset(mine, content)
    for _ in range(3):
        world.dataset(theirs, content)
    world.desk.rights = Only(mine.experiment_id)
    found = lineage.of_dataset(world.desk, ANA, own.sha256)
    assert [each.dataset_id for each in found.datasets] == [own.dataset_id]


class Only(OpenRights):
    """One project's experiment."""

    def __init__(self, number):
        self.number = number

    def level(self, person, kind, name):
        return Level.MANAGE if name == self.number else Level.NONE
