"""What jobs name is kept, ended or not."""

from dataclasses import replace

import pytest

from penstock.command.tidy import _named
from penstock.desk import Desk
from penstock.jobs.job import Wanted
from serving.settings import load


@pytest.mark.parametrize("state", ["running", "completed", "failed"])
def test_the_run_and_the_results_of_each_job_are_named(tmp_path, state):
    desk = Desk(load({"PENSTOCK_VAR_DIR": str(tmp_path)}))
    job = desk.jobs.add(Wanted("train", "ann", "ann/p", {}))
    results = {"model": "models:/m-1"}
    desk.jobs.put(replace(job, state=state, run_id="b" * 32, results=results, ended_s=desk.now_s()))
    text, known = _named(desk)
    assert ("b" * 32 in text, "models:/m-1" in text, known) == (True, True, {job.job_id})
