"""A data set has its record before its job: what is cut off between the two can be seen and removed."""

import uuid

import pytest

from penstock.people.person import Person
from penstock.problems import NotFound, TooMany
from penstock.records.dataset import Dataset
from penstock.services import data_work, datasets, jobs, projects, removal
from tests.service.worked_off import run_desk

ANA = Person("ana", is_admin=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("begun")) as made:
        yield made


def split(desk):
    path = projects.own_default(desk, ANA).path
    parent = desk.datasets.add(
        Dataset(str(uuid.uuid4()), path, "ana", "t", run_id="r1", created_s=desk.now_s())
    )
    started = data_work.split(
        desk, ANA, parent.dataset_id, target_column="a", test_size=0.2, validation_size=0.1, stratify=None
    )
    return started.dataset, started.job


def newest(desk):
    return datasets.listed(desk, ANA)[0]


def test_it_names_the_job_that_was_started(desk):
    dataset, job = split(desk)
    assert dataset.job_id == job.job_id == desk.datasets.get(dataset.dataset_id).job_id


def test_one_that_was_cut_off_before_its_job_is_listed_and_goes(desk, monkeypatch):
    def cut_off(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "submit", cut_off)
        with pytest.raises(KeyboardInterrupt):
            split(desk)
    left = newest(desk)
    assert (left.origin, datasets.state(left)) == ("split", "pending")
    now_s = desk.now_s() + 3600
    with monkeypatch.context() as patch:
        patch.setattr(desk, "now_s", lambda: now_s)
        assert datasets.failure(newest(desk)) == "its job was never started; remove it, and make it again"
    removal.remove_dataset(desk, ANA, left.dataset_id)
    with pytest.raises(NotFound):
        datasets.get(desk, ANA, left.dataset_id)


def test_one_whose_job_is_refused_leaves_no_record(desk, monkeypatch):
    def refuse(*_, **__):
        raise TooMany("as many jobs as may wait are waiting")

    monkeypatch.setattr(jobs, "submit", refuse)
    with pytest.raises(TooMany):
        split(desk)
    assert newest(desk).origin == "upload"
