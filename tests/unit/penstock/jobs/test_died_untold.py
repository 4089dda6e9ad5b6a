"""What becomes of a job whose process ended by itself and could not tell how."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from penstock.desk import Desk
from penstock.jobs import folders, launch, said
from penstock.jobs.job import Wanted
from penstock.jobs.keeper import Keeper, Shop
from penstock.jobs.keeping import Keeping
from penstock.jobs.machine import Machine, Place
from penstock.jobs.settling import Settler
from penstock.jobs.starting import Starter
from penstock.jobs.verdict import Verdict
from serving.settings import load


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(load({"PENSTOCK_VAR_DIR": str(tmp_path)}))


def test_a_process_that_ended_with_an_error_of_its_own_is_not_said_to_be_killed(desk: Desk) -> None:
    job = replace(desk.jobs.add(Wanted("train", "ann", "ann/p", {})), started_s=desk.now_s())
    folder = desk.settings.jobs_dir.absolute() / job.job_id
    folder.mkdir(parents=True)
    unusable = launch.Asked(job.job_id, "", "train", {}, "e", nice="much")  # type: ignore[arg-type]
    launch.write(folder, launch.ASKED, unusable)
    starter = Starter()
    settler = Settler(desk, Keeping(desk.database, "w", desk.now_s), threading.Event())
    shop = Shop(desk, Machine(cores=(0, 1), gpus=(), memory_bytes=16_000_000_000), starter, settler)
    process = starter.start(folder, environ=folders.of_any(desk.settings, 1), log=folder / said.HEAD)
    verdict = Keeper(shop, job, Place(), adopted=process, is_new=False)._worked()
    why = "it ended with exit code 1: TypeError: 'str' object cannot be interpreted as an integer"
    assert verdict == Verdict("failed", "failed", why)
