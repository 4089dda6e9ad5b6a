"""Which folders of old jobs are removed."""

import os
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from penstock.desk import Desk
from penstock.jobs.job import Job, Wanted
from penstock.jobs.keeping import Keeping
from penstock.jobs.tidying import DAY_S, tidy
from serving.settings import load


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(load({"PENSTOCK_VAR_DIR": str(tmp_path), "PENSTOCK_JOBS_KEPT_DAYS": "30"}))


def folder(desk: Desk, name: str, days: float) -> Path:
    path = desk.settings.jobs_dir / name
    path.mkdir(parents=True)
    then_s = desk.now_s() - days * DAY_S
    os.utime(path, (then_s, then_s))
    return path


def job(desk: Desk, ended_days: float) -> Job:
    job = desk.jobs.add(Wanted("train", "ann", "ann/p", {}))
    ended_s = desk.now_s() - ended_days * DAY_S if ended_days else 0.0
    return desk.jobs.put(replace(job, state="completed" if ended_days else "running", ended_s=ended_s))


def tidied(desk: Desk) -> int:
    return tidy(desk, Keeping(desk.database, "w", desk.now_s))


def test_the_folder_of_a_job_that_ended_long_ago_goes_and_its_record_stays(desk: Desk) -> None:
    old = job(desk, 40.0)
    path = folder(desk, old.job_id, 40.0)
    assert (tidied(desk), path.exists()) == (1, False)
    assert desk.jobs.get(old.job_id) is not None


def test_the_folder_of_a_job_that_runs_stays_however_old(desk: Desk) -> None:
    path = folder(desk, job(desk, 0.0).job_id, 40.0)
    assert (tidied(desk), path.exists()) == (0, True)


def test_the_folder_of_a_job_that_ended_lately_stays(desk: Desk) -> None:
    path = folder(desk, job(desk, 10.0).job_id, 40.0)
    assert (tidied(desk), path.exists()) == (0, True)


def test_the_folder_of_a_job_that_nobody_knows_goes_when_it_is_old(desk: Desk) -> None:
    paths = [folder(desk, str(uuid.uuid4()), days) for days in (1.0, 40.0)]
    assert tidied(desk) == 1
    assert [path.exists() for path in paths] == [True, False]


def test_what_is_no_job_s_folder_stays(desk: Desk) -> None:
    path = folder(desk, "notes", 40.0)
    assert (tidied(desk), path.exists()) == (0, True)
