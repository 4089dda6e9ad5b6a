"""What goes for good, over MLflow's own store: data sets, projects, old ones, a data subject's records."""

import time
from dataclasses import replace

import pytest

from penstock.people.person import Level
from penstock.people.rights import OpenRights
from penstock.problems import BadRequest, Conflict, NotAllowed, NotFound
from penstock.retention import people
from penstock.retention.clock import Clock
from penstock.retention.sweep import sweep
from penstock.services import people_records, removal
from penstock.services.kept_rows import rows_file
from penstock.services.people_records import Sought
from serving.prediction_log.read import read
from tests.service.provenance_fixtures import (  # noqa: F401 - fixtures
    ADMIN,
    ANA,
    EVE,
    World,
    name_of,
    store_uri,
    world,
)
from tests.service.test_approvals import Some
from tests.unit.prediction_log.prediction_log_fixtures import write_outcomes

DAY_S = 86_400.0


class AllBut(OpenRights):
    """Everything is whoever asks's own, but for one model."""

    def __init__(self, theirs):
        self.theirs = theirs

    def level(self, person, kind, name):
        return Level.NONE if name == self.theirs else Level.MANAGE


@pytest.fixture
def desk(world):  # noqa: F811
    return world.desk


@pytest.fixture
def dataset(world):  # noqa: F811
    return world.dataset(world.project())


def left(world, run_id):  # noqa: F811
    found = [file.path for file in world.client.list_artifacts(run_id, "data")]
    return found + [file.path for file in world.client.list_artifacts(run_id) if not file.is_dir]


def test_a_data_sets_file_and_rows_go_and_its_lineage_stays(world, desk, dataset):  # noqa: F811
    removal.remove_dataset(desk, ANA, dataset.dataset_id)
    assert not (desk.settings.projects_dir / dataset.file).parent.exists()
    assert left(world, dataset.run_id) == ["data/lineage.json"]
    record = desk.datasets.get(dataset.dataset_id)
    assert (record.removed_s > 0, record.sha256, record.profile) == (
        True, dataset.sha256, {"column_names": ["a", "b"]},
    )  # fmt: skip


def test_the_rows_that_were_kept_near_at_hand_go_too(world, desk, dataset):  # noqa: F811
    other = world.dataset(world.project())
    here, there = (rows_file(desk, each.run_id) for each in (dataset, other))
    removal.remove_dataset(desk, ANA, dataset.dataset_id)
    assert (here.exists(), there.exists()) == (False, True)


def test_it_is_in_the_audit_trail_before_and_after(world, desk, dataset):  # noqa: F811
    removal.remove_dataset(desk, ANA, dataset.dataset_id)
    subject = f"dataset {dataset.dataset_id}"
    assert world.audited() == [("dataset.remove", subject, "begun"), ("dataset.remove", subject, "done")]


def test_what_was_removed_is_not_there(desk, dataset):
    removal.remove_dataset(desk, ANA, dataset.dataset_id)
    with pytest.raises(NotFound, match=f"there is no data set '{dataset.dataset_id}'"):
        removal.remove_dataset(desk, ANA, dataset.dataset_id)


def test_what_depends_on_it_is_told_and_stops_it(world, desk, dataset):  # noqa: F811
    child, name = world.child(dataset), name_of("churn")
    number = world.trained(dataset, name)
    world.client.transition_model_version_stage(name, number, "Staging")
    desk.versions.forget()
    world.answered(name, number, 3)
    with pytest.raises(Conflict) as refused:
        removal.remove_dataset(desk, ANA, dataset.dataset_id)
    assert str(refused.value).startswith("1 data set and 1 version in use depend on data set")
    told = refused.value.details
    assert [each["dataset_id"] for each in told["datasets"]] == [child.dataset_id]
    (version,) = told["versions"]
    assert (version["model"], version["stage"], version["predictions"]) == (name, "Staging", 3)
    assert [job["entry"] for job in told["jobs"]] == ["train"]


def test_force_takes_a_manager_and_removes_it_all_the_same(world, desk, dataset):  # noqa: F811
    world.child(dataset)
    desk.rights = Some(ana=Level.EDIT)
    with pytest.raises(NotAllowed, match="takes MANAGE, and you have EDIT"):
        removal.remove_dataset(desk, ANA, dataset.dataset_id, force=True)
    desk.rights = Some(ana=Level.MANAGE)
    assert removal.remove_dataset(desk, ANA, dataset.dataset_id, force=True).depended["datasets"]


@pytest.mark.parametrize("state", ["pending", "running"])
def test_a_job_that_reads_it_stops_even_force(world, desk, dataset, state):  # noqa: F811
    job = world.job(dataset, state)
    with pytest.raises(Conflict, match=f"job {job.job_id} is at work on data set") as refused:
        removal.remove_dataset(desk, ANA, dataset.dataset_id, force=True)
    assert refused.value.code == "in_use"
    assert desk.datasets.get(dataset.dataset_id).removed_s == 0


def test_a_file_that_is_still_being_read_stays(world, desk):  # noqa: F811
    first = world.dataset(world.project())
    reading = world.job(first, "running", entry="ingest")
    dataset = desk.datasets.change(first.dataset_id, {"job_id": reading.job_id, "run_id": ""})
    with pytest.raises(Conflict, match="is at work on"):
        removal.remove_dataset(desk, ANA, dataset.dataset_id, force=True)


def test_where_artefacts_cannot_go_nothing_is_marked_as_gone(world, desk, dataset, monkeypatch):  # noqa: F811
    from penstock.retention import removing

    def refuse(*_):
        raise OSError("the disk is read-only")

    monkeypatch.setattr(removing, "_drop_file", refuse)
    with pytest.raises(Exception, match="cannot be removed; look at the disk"):
        removal.remove_dataset(desk, ANA, dataset.dataset_id)
    assert desk.datasets.get(dataset.dataset_id) == dataset


def test_a_record_that_names_a_file_elsewhere_removes_nothing_there(world, desk, dataset, tmp_path):  # noqa: F811
    victim = tmp_path / "victim"
    victim.write_text("dear")
    desk.datasets.change(dataset.dataset_id, {"file": "../victim"})
    with pytest.raises(Exception, match="cannot be removed"):
        removal.remove_dataset(desk, ANA, dataset.dataset_id)
    assert victim.read_text() == "dear"


def test_a_strangers_data_set_is_not_there(desk, dataset):
    desk.rights = Some(ana=Level.MANAGE)
    for do in (removal.remove_dataset, removal.dataset_dependents):
        with pytest.raises(NotFound, match=f"there is no data set '{dataset.dataset_id}'"):
            do(desk, EVE, dataset.dataset_id)


def test_of_what_a_person_may_not_see_only_the_number_is_told(world, desk, dataset):  # noqa: F811
    other = world.project(owner="eve")
    world.dataset(other, parent_id=dataset.dataset_id)

    class Own(Some):
        def level(self, person, kind, name):
            return Level.NONE if name == other.experiment_id else Level.MANAGE

    desk.rights = Own()
    told = removal.dataset_dependents(desk, ANA, dataset.dataset_id)
    assert (told["datasets"], told["hidden"]) == ([], 1)


def aged(world, days, retention=30.0):  # noqa: F811
    project = world.desk.projects.put(replace(world.project(), dataset_retention_days=retention))
    return world.dataset(project, created_s=time.time() - days * DAY_S)


def test_the_sweep_removes_what_is_older_than_its_project_keeps(world, desk):  # noqa: F811
    old, new, unbound = aged(world, 31), aged(world, 29), aged(world, 999, 0.0)
    assert sweep(desk).removed == (old.dataset_id,)
    assert [bool(desk.datasets.get(each.dataset_id).removed_s) for each in (old, new, unbound)] == [1, 0, 0]
    assert world.audited()[-1] == ("dataset.expire", f"dataset {old.dataset_id}", "done")


def test_what_production_learned_from_is_kept_and_named(world, desk):  # noqa: F811
    old, name = aged(world, 31), name_of("churn")
    number = world.trained(world.child(old), name)
    world.client.transition_model_version_stage(name, number, "Production")
    desk.versions.forget()
    report = sweep(desk)
    assert (report.removed, report.kept[0].dataset_id) == ((), old.dataset_id)
    assert report.kept[0].why == f"'{name}' version 1 in Production learned from it"


def test_the_settings_say_for_projects_that_say_nothing(store_uri, tmp_path):  # noqa: F811
    world = World(store_uri, tmp_path, PENSTOCK_DATASET_RETENTION_DAYS="7")  # noqa: F811
    old = aged(world, 8, 0.0)
    assert sweep(world.desk).removed == (old.dataset_id,)


def test_a_project_with_anything_in_it_stays_without_force(world, desk, dataset):  # noqa: F811
    with pytest.raises(Conflict, match="has 1 data sets and 0 versions in Staging; remove those first"):
        removal.remove_project(desk, ANA, dataset.project)


def test_a_forced_removal_takes_data_sets_and_experiment_and_frees_the_name(world, desk, dataset):  # noqa: F811
    name = name_of("churn")
    number = world.trained(dataset, name)
    world.client.transition_model_version_stage(name, number, "Staging")
    desk.versions.forget()
    removal.remove_project(desk, ANA, dataset.project, force=True)
    assert desk.projects.get(dataset.project) is None
    assert world.client.get_model_version(name, number).current_stage == "Archived"
    assert desk.datasets.get(dataset.dataset_id).removed_s > 0
    assert world.client.get_experiment_by_name(dataset.project) is None


def test_a_project_whose_experiment_was_deleted_in_mlflow_goes_and_frees_its_name(world, desk, dataset):  # noqa: F811
    project = desk.projects.get(dataset.project)
    world.client.delete_experiment(project.experiment_id)
    removal.remove_project(desk, ANA, project.path, force=True)
    assert desk.projects.get(project.path) is None
    found = world.client.get_experiment(project.experiment_id)
    assert (found.name.startswith(f"{project.path} (removed "), found.lifecycle_stage) == (True, "deleted")


def test_a_removal_that_was_cut_off_behind_its_experiment_is_finished_by_its_repeat(world, desk):  # noqa: F811
    project = world.project()
    world.client.rename_experiment(project.experiment_id, f"{project.path} (removed 2026-07-31 12:00:00)")
    world.client.delete_experiment(project.experiment_id)
    removal.remove_project(desk, ANA, project.path)
    assert desk.projects.get(project.path) is None
    assert world.client.get_experiment(project.experiment_id).name.endswith("(removed 2026-07-31 12:00:00)")


def test_a_project_whose_experiment_is_gone_for_good_goes(world, desk):  # noqa: F811
    project = desk.projects.put(replace(world.project(), experiment_id="999999999"))
    removal.remove_project(desk, ANA, project.path)
    assert desk.projects.get(project.path) is None


def test_what_is_in_production_keeps_its_project_even_from_force(world, desk, dataset):  # noqa: F811
    name = name_of("churn")
    number = world.trained(dataset, name)
    world.client.transition_model_version_stage(name, number, "Production")
    desk.versions.forget()
    with pytest.raises(Conflict, match=r"is in Production and belongs to project .*; archive it first"):
        removal.remove_project(desk, ANA, dataset.project, force=True)


def rows(desk, model):
    return read(desk.settings.prediction_log_dir, model=model).num_rows


def test_a_strangers_version_that_bears_a_projects_name_does_not_hold_it(world, desk):  # noqa: F811
    project, theirs = world.project(), name_of("theirs")
    world.version(theirs, project=project.path)
    world.client.transition_model_version_stage(theirs, "1", "Production")
    desk.versions.forget()
    desk.rights = AllBut(theirs)
    removal.remove_project(desk, ANA, project.path)
    assert desk.projects.get(project.path) is None
    assert world.client.get_model_version(theirs, "1").current_stage == "Production"


@pytest.fixture
def model(world):  # noqa: F811
    name = name_of("churn")
    world.version(name)
    return name


def test_a_users_records_are_found_by_the_id_that_callers_send(world, desk, model):  # noqa: F811
    ids = world.answered(model, "1", 3, user="customer-17")
    world.answered(model, "1", 2, user="customer-18")
    found = people_records.find(desk, ANA, Sought(user_id="customer-17", model=model))
    (one,) = found.models
    assert (found.predictions, one.model, set(one.sample)) == (3, model, set(ids))
    assert one.first_s <= one.last_s <= time.time()


def test_keys_under_the_salts_of_named_and_of_former_routes_are_found(world, desk, model):  # noqa: F811
    from serving.lifecycle.routes import Routes

    routes = Routes(world.client, desk.settings.database_url, actor="ana")
    it = '"variants": {"it": {"version": "1", "weight": 100}}'
    routes.set("test", "{" + it + ', "salt": "first"}', model=model)
    routes.set("test", "{" + it + ', "salt": "second"}', model=model)
    routes.set("plain", "{" + it + "}", model=model)
    for salt in (model, "first", "second", "plain"):
        world.answered(model, "1", user="u", salt=salt)
    world.answered(model, "1", user="u", salt="nobody's")
    assert people_records.find(desk, ANA, Sought(user_id="u", model=model)).predictions == 4


def test_they_are_removed_with_their_outcomes_and_nobody_elses(world, desk, model):  # noqa: F811
    ids = world.answered(model, "1", 3, user="u")
    world.answered(model, "1", 2, user="v")
    write_outcomes(world.log, ids[0])
    _, done = people_records.remove(desk, ANA, Sought(user_id="u", model=model))
    assert (done.predictions, done.outcomes, rows(desk, model)) == (3, 1, 2)
    assert done.done_s > 0


def test_the_audit_names_the_hashed_key_only(world, desk, model):  # noqa: F811
    world.answered(model, "1", user="private-person")
    people_records.remove(desk, ANA, Sought(user_id="private-person", model=model))
    with desk.database.begin(is_read_only=True) as connection:
        for table in ("penstock_audit", "penstock_erasures"):
            assert "private" not in str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    assert [action for action, *_ in world.audited()] == ["people.remove", "people.remove"]


def test_what_lies_in_an_open_segment_is_removed_when_it_is_sealed(world, desk, model):  # noqa: F811
    world.answered(model, "1", 2, user="u")
    writer = world.writer()
    late = world.answered(model, "1", 1, user="u", writer=writer)
    found, done = people_records.remove(desk, ANA, Sought(user_id="u", model=model))
    assert (found.predictions, done.predictions, done.done_s, len(done.waits_for)) == (3, 2, 0, 1)
    assert people_records.removals(desk, ANA)[0].erasure_id == done.erasure_id
    assert people.repeat(desk)[0].done_s == 0
    writer.close()
    write_outcomes(world.log, late[0])
    (again,) = people.repeat(desk)
    assert (again.predictions, again.outcomes, again.done_s > 0, rows(desk, model)) == (3, 1, True, 0)
    assert people_records.removals(desk, ANA) == []
    assert again.asked == type(again.asked)()


def test_the_clock_does_so_by_itself_and_says_so(world, desk, model):  # noqa: F811
    writer = world.writer()
    world.answered(model, "1", 1, user="u", writer=writer)
    people_records.remove(desk, ANA, Sought(user_id="u", model=model))
    writer.close()
    with Clock(desk, repeat_s=0.05):
        deadline = time.monotonic() + 60
        while rows(desk, model) and time.monotonic() < deadline:
            time.sleep(0.05)
        while world.audited()[-1][0] != "people.repeat" and time.monotonic() < deadline:
            time.sleep(0.05)
    assert rows(desk, model) == 0


def test_a_prediction_is_removed_by_its_id(world, desk, model):  # noqa: F811
    first, _ = world.answered(model, "1", 2)
    found, done = people_records.remove(desk, ANA, Sought(prediction_id=first))
    assert (found.predictions, done.predictions, rows(desk, model)) == (1, 1, 1)


def test_only_models_that_a_person_manages_are_looked_into(world, desk, model):  # noqa: F811
    other = name_of("other")
    world.version(other)
    for name in (model, other):
        world.answered(name, "1", user="u", salt=model)

    class Mine(Some):
        def level(self, person, kind, name):
            return Level.MANAGE if name == model else Level.READ

    desk.rights = Mine()
    _, done = people_records.remove(desk, ANA, Sought(user_id="u"))
    assert (done.predictions, rows(desk, model), rows(desk, other)) == (1, 0, 1)
    with pytest.raises(NotAllowed):
        people_records.find(desk, ANA, Sought(user_id="u", model=other))


def test_an_administrator_reaches_the_log_of_a_model_that_is_gone(world, desk, model):  # noqa: F811
    world.answered("gone long ago", "1", user="u")
    people_records.remove(desk, ADMIN, Sought(user_id="x"))  # seals
    _, done = people_records.remove(desk, ADMIN, Sought(user_id="u"))
    assert (done.predictions, rows(desk, "gone long ago")) == (1, 0)


@pytest.mark.parametrize("sought", [Sought(), Sought(user_id="a", user_key="b"), Sought(model="x")])
def test_one_of_the_three_is_wanted(desk, sought):
    with pytest.raises(BadRequest, match="one of user_id, user_key and prediction_id is wanted"):
        people_records.find(desk, ANA, sought)


def test_while_another_keeps_the_log_up_the_removal_is_remembered(world, desk, model, monkeypatch):  # noqa: F811
    from penstock.problems import Away
    from serving.prediction_log.upkeep import alone

    monkeypatch.setattr(people, "LOCK_WAIT_S", 0.2)
    world.answered(model, "1", user="u")
    with alone(world.log), pytest.raises(Away, match="the removal is remembered and done by itself"):
        people_records.remove(desk, ANA, Sought(user_id="u", model=model))
    assert people.repeat(desk)[0].predictions == 1
