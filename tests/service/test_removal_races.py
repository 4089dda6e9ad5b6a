"""Data sets that go while others are at them: rows that nobody has noted, readers of long ago and of now."""

import uuid
from dataclasses import replace

import pandas as pd
import pytest

from penstock.jobs.job import Job, Wanted
from penstock.jobs.store import _UNPLACED, JOBS, _row
from penstock.people.person import Person
from penstock.problems import Conflict, NotFound
from penstock.records.dataset import Dataset
from penstock.retention.sweep import sweep
from penstock.services import datasets, projects, removal
from tests.service.worked_off import run_desk

ANA = Person("ana", is_admin=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("races")) as made:
        yield made


@pytest.fixture
def run_id(desk, tmp_path):
    run = desk.client.create_run(projects.own_default(desk, ANA).experiment_id)
    pd.DataFrame({"name": ["Ana"]}).to_parquet(tmp_path / "rows.parquet")
    desk.client.log_artifact(run.info.run_id, str(tmp_path / "rows.parquet"), "data")
    return run.info.run_id


def rows_of(desk, run_id):
    return [file.path for file in desk.client.list_artifacts(run_id, "data")]


def unseen(desk, run_id, state="completed", **changes):
    """A data set whose job is over, and which nobody has looked at since."""
    name, path = str(uuid.uuid4()), projects.own_default(desk, ANA).path
    job = desk.jobs.add(Wanted("ingest", "ana", path, {}, "ingest.json", asked={"dataset_id": name}))
    desk.jobs.put(replace(job, state=state, run_id=run_id, results={"rows": 1}, ended_s=desk.now_s()))
    made = Dataset(name, path, "ana", "t", job_id=job.job_id, created_s=desk.now_s())
    return desk.datasets.add(replace(made, **changes))


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_rows_that_nobody_has_noted_yet_go_too(desk, run_id, state):
    dataset = unseen(desk, run_id, state)
    removal.remove_dataset(desk, ANA, dataset.dataset_id)
    assert rows_of(desk, run_id) == []


def test_the_sweep_takes_rows_that_nobody_has_noted(desk, run_id):
    project = projects.own_default(desk, ANA)
    dataset = unseen(desk, run_id, created_s=1.0)
    desk.projects.put(replace(project, dataset_retention_days=1000))
    assert sweep(desk).removed == (dataset.dataset_id,)
    assert rows_of(desk, run_id) == []


def test_what_was_read_before_a_removal_does_not_bring_it_back(desk, run_id, monkeypatch):
    dataset = unseen(desk, run_id)
    read = datasets.get(desk, ANA, dataset.dataset_id)
    removal.remove_dataset(desk, ANA, dataset.dataset_id)
    monkeypatch.setattr(datasets, "get", lambda *_: read)
    with pytest.raises(NotFound, match=f"there is no data set '{dataset.dataset_id}'"):
        datasets.rename(desk, ANA, dataset.dataset_id, name="new")
    assert desk.datasets.get(dataset.dataset_id).removed_s > 0


def test_a_jobs_end_that_is_noted_late_does_not_bring_it_back(desk, run_id):
    dataset = unseen(desk, run_id)
    removal.remove_dataset(desk, ANA, dataset.dataset_id)
    assert datasets.settled(desk, dataset).removed_s > 0
    assert desk.datasets.get(dataset.dataset_id).removed_s > 0


def test_a_job_that_reads_it_now_counts_behind_a_thousand_of_long_ago(desk, run_id):
    dataset = datasets.settled(desk, unseen(desk, run_id))
    wanted = Wanted("train", "ana", dataset.project, {}, asked={"dataset_id": dataset.dataset_id})
    jobs = [Job(str(uuid.uuid4()), wanted, "completed", 1.0 + at, ended_s=2.0) for at in range(1000)]
    jobs.append(Job(str(uuid.uuid4()), wanted, "running", 2000.0))
    with desk.database.begin() as connection:
        connection.execute(JOBS.insert(), [{**_row(job), **_UNPLACED, "gpus": 0} for job in jobs])
    with pytest.raises(Conflict, match=f"job {jobs[-1].job_id} is at work on"):
        removal.remove_dataset(desk, ANA, dataset.dataset_id, force=True)


def test_no_figures_of_its_rows_stay_with_its_job(desk, run_id):
    dataset = unseen(desk, run_id)
    figures = {
        "rows": 1,
        "column_names": ["name"],
        "numeric_stats": {"age": {"max": 99}},
        "filled": {"age": 1},
    }
    desk.jobs.put(replace(desk.jobs.get(dataset.job_id), results=figures))
    removal.remove_dataset(desk, ANA, dataset.dataset_id)
    assert desk.jobs.get(dataset.job_id).results == {"rows": 1, "column_names": ["name"]}
