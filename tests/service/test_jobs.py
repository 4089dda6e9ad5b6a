"""Jobs over a real MLflow server: worked off, told of, limited and cancelled."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from penstock.desk import Desk
from penstock.jobs.job import Job, Limits
from penstock.people.person import Person
from penstock.problems import BadRequest, Conflict, NotFound, TooMany
from penstock.services import jobs
from tests.service.job_fixtures import (
    ANN,
    as_text,
    ask,
    desk_of,
    is_running,
    log_of,
    marked,
    over,
    until,
    wanted,
    working,
)

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def desk(mlflow_server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = desk_of(tmp_path_factory.mktemp("jobs"), mlflow_server.uri, jobs_at_once=3)
    with working(desk):
        yield desk


def running(desk: Desk, job: Job) -> Job:
    return until(desk, job, lambda found: found.state == "running" and found.run_id)


def test_a_job_runs_its_entry_point_as_an_mlflow_run(desk: Desk) -> None:
    job = over(desk, ask(desk, "say", words="hello"))
    assert (job.state, log_of(desk, job).strip()) == ("completed", "hello")
    run = desk.client.get_run(job.run_id)
    assert (run.info.status, run.data.tags["penstock.job"]) == ("FINISHED", job.job_id)
    assert run.data.tags["mlflow.project.entryPoint"] == "say"


def test_the_outcome_of_a_run_is_the_job_s_result(desk: Desk) -> None:
    told = {"rows": 3, "said": "Größe 'ä' $HOME \"§\""}
    parameters = {"outcome": as_text(told)}
    job = jobs.submit(desk, ANN, wanted(desk, "told", parameters=parameters, outcome="told.json"))
    assert over(desk, job).results == told


def test_a_job_without_the_outcome_that_was_wanted_failed(desk: Desk) -> None:
    job = over(desk, jobs.submit(desk, ANN, wanted(desk, "say", outcome="told.json")))
    assert (job.state, job.code) == ("failed", "no_outcome")
    assert job.why == "it ended well and left no 'told.json' with its run; its log says more"


def test_bad_input_is_told_in_the_step_s_own_words(desk: Desk) -> None:
    job = over(desk, ask(desk, "refuse"))
    assert (job.state, job.code, job.why) == ("failed", "bad_input", "no row is left; give more rows")
    assert (job.attempts, desk.client.get_run(job.run_id).info.status) == (1, "FAILED")


def test_a_failure_says_how_it_ended_and_what_it_said_last(desk: Desk) -> None:
    job = over(desk, ask(desk, "fail"))
    assert (job.code, job.why) == ("failed", "it ended with exit code 1: the file broke off")


def test_what_was_locked_for_a_moment_is_tried_again(desk: Desk, tmp_path: Path) -> None:
    job = over(desk, ask(desk, "away_once", mark=str(tmp_path / "mark")))
    assert (job.state, job.attempts) == ("completed", 2)
    assert log_of(desk, job).splitlines() == ["penstock: database is locked", "back"]


def test_an_entry_point_that_there_is_not_is_bad_input(desk: Desk) -> None:
    job = over(desk, ask(desk, "dance"))
    assert (job.code, job.run_id) == ("bad_input", "")
    assert "Could not find dance among entry points" in job.why


def test_a_job_that_takes_too_much_memory_is_ended(desk: Desk) -> None:
    limits = Limits(memory_bytes=450 * MEGABYTE)
    job = over(desk, ask(desk, "hold", limits, megabytes="900"))
    assert (job.state, job.code) == ("failed", "out_of_memory")
    assert job.why.endswith(
        " of memory and may take 0.42 GiB; take fewer rows (sample_size) or columns,"
        " or ask for a higher limit"
    )
    assert job.usage.peak_bytes > limits.memory_bytes
    assert desk.client.get_run(job.run_id).info.status == "FAILED"


def test_a_job_that_runs_too_long_is_ended(desk: Desk) -> None:
    job = over(desk, ask(desk, "nap", Limits(time_s=4.0), seconds="60"))
    assert (job.state, job.code) == ("failed", "time_limit")
    assert " and may run for 4 s; " in job.why
    assert marked(job) == []


def test_a_job_that_writes_too_much_is_ended(desk: Desk) -> None:
    job = over(desk, ask(desk, "fill", Limits(disk_bytes=3 * MEGABYTE)))
    assert (job.state, job.code) == ("failed", "disk_limit")
    assert not any((desk.settings.jobs_dir / job.job_id).glob("tmp"))


def test_more_than_the_settings_allow_is_refused(desk: Desk) -> None:
    with pytest.raises(BadRequest, match="a job of this project may take 14400 seconds, not 99999; ask for"):
        ask(desk, "nap", Limits(time_s=99_999.0))


def test_a_job_killed_from_outside_says_that_memory_is_the_likely_reason(desk: Desk) -> None:
    job = over(desk, ask(desk, "die"))
    assert (job.state, job.code) == ("failed", "killed")
    assert job.why.startswith("one of its processes was killed from outside, most likely because the machine")


def test_cancelling_ends_grandchildren_in_sessions_of_their_own(desk: Desk, tmp_path: Path) -> None:
    job = running(desk, ask(desk, "fork", pids=str(tmp_path / "pids")))
    until(
        desk, job, lambda _: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().count(" ") == 2
    )
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    asked_at = time.monotonic()
    jobs.cancel(desk, ANN, job.job_id)
    job = over(desk, job)
    assert (job.state, job.code, job.why) == ("cancelled", "cancelled", "cancelled by ann")
    assert time.monotonic() - asked_at < 120.0
    assert [pid for pid in pids if is_running(pid)] == []


def test_cancelling_marks_the_run_and_its_open_nested_runs_as_killed(desk: Desk) -> None:
    job = running(desk, ask(desk, "nap", seconds="60"))
    experiment = desk.client.get_run(job.run_id).info.experiment_id
    nested, below = "", job.run_id
    for _ in range(2):
        below = nested = desk.client.create_run(experiment, tags={"mlflow.parentRunId": below}).info.run_id
    jobs.cancel(desk, ANN, job.job_id)
    over(desk, job)
    assert [desk.client.get_run(run).info.status for run in (job.run_id, nested)] == ["KILLED", "KILLED"]


def test_a_job_that_is_over_cannot_be_cancelled(desk: Desk) -> None:
    job = over(desk, ask(desk, "say", words="x"))
    with pytest.raises(
        Conflict, match="is completed already; only a job that waits or runs can be cancelled"
    ):
        jobs.cancel(desk, ANN, job.job_id)


def test_progress_is_told_while_a_job_runs(desk: Desk) -> None:
    job = until(desk, ask(desk, "steps"), lambda job: job.progress.get("step") == "cleaning")
    assert job.progress == {"step": "cleaning", "share": 0.25, "said": "[2/4] cleaning ..."}
    jobs.cancel(desk, ANN, job.job_id)


def test_endless_words_keep_their_beginning_and_their_end(desk: Desk) -> None:
    job = over(desk, ask(desk, "babble"))
    folder, text, offset = desk.settings.jobs_dir / job.job_id, "", 0
    assert sum(file.stat().st_size for file in folder.glob("said*")) < 17_000_000
    while not (part := jobs.log(desk, ANN, job.job_id, offset=offset)).is_over:
        text, offset = text + part.text, part.next_offset
    assert text.startswith("a line that says nothing\n")
    assert (text + part.text).endswith("the end\n")
    assert "bytes are left out: the job printed more than is kept" in text


def test_a_job_s_core_seconds_are_the_kernel_s_with_processes_that_have_ended(desk: Desk) -> None:
    bare = over(desk, ask(desk, "say", words="x")).usage.core_s
    job = over(desk, ask(desk, "burn"))
    # MLflow's own take the rest, measured by an entry point that does nothing, and a look at the tree each
    # second; a process that is left out, or counted twice, is five times as much as may differ.
    assert job.usage.core_s - float(log_of(desk, job)) == pytest.approx(bare, abs=0.5)
    assert job.usage.wall_s == pytest.approx(job.ended_s - job.started_s, abs=10.0)


def test_a_job_gets_the_cores_threads_and_folder_of_its_limits(desk: Desk) -> None:
    job = over(desk, ask(desk, "see", Limits(cores=1)))
    lines = log_of(desk, job).splitlines()
    assert {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "CUDA_VISIBLE_DEVICES="} <= set(lines)
    assert f"TMPDIR={(desk.settings.jobs_dir / job.job_id).absolute()}/tmp" in lines
    assert lines[-1] == f"{min(19, os.nice(0) + 10)} 1"


def test_a_job_of_another_s_project_is_not_there(desk: Desk) -> None:
    job = desk.jobs.add(replace(wanted(desk, "say"), project="bob/secret"))
    for ask_for in (jobs.get, jobs.cancel, jobs.log):
        with pytest.raises(NotFound, match=f"there is no job '{job.job_id}'; "):
            ask_for(desk, Person("eve"), job.job_id)


def test_a_full_queue_refuses_more(mlflow_server, tmp_path: Path) -> None:
    idle = desk_of(tmp_path, mlflow_server.uri, jobs_queued_per_user=2)
    for _ in range(2):
        ask(idle, "nap")
    with pytest.raises(
        TooMany, match="2 of your jobs wait already, and 2 may; wait for some, or cancel some"
    ):
        ask(idle, "nap")


def test_a_pending_job_is_cancelled_at_once(mlflow_server, tmp_path: Path) -> None:
    idle = desk_of(tmp_path, mlflow_server.uri)
    job = jobs.cancel(idle, ANN, ask(idle, "nap").job_id)
    assert (job.state, job.why) == ("cancelled", "cancelled by ann before it was started")
