"""Whose limits hold for a job."""

import pytest

from penstock.jobs.job import Limits
from penstock.jobs.limits import allowed, of_project, on_machine
from penstock.jobs.machine import Machine
from penstock.problems import BadRequest
from serving.settings import Settings

MACHINE = Machine(cores=(0, 1, 2, 3), gpus=("0",), memory_bytes=30_000)


def test_a_job_s_own_limit_holds_below_the_settings() -> None:
    assert allowed(Limits(time_s=60.0), {}, Settings(), MACHINE).time_s == 60.0


def test_a_project_s_limit_holds_where_the_job_names_none() -> None:
    assert allowed(Limits(), {"memory_bytes": 7}, Settings(), MACHINE).memory_bytes == 7


def test_a_project_may_have_more_than_the_settings() -> None:
    settings = Settings(job_time_limit_s=10.0)
    assert allowed(Limits(time_s=50.0), {"time_s": 60.0}, settings, MACHINE).time_s == 50.0


def test_more_than_the_project_s_is_refused() -> None:
    with pytest.raises(BadRequest, match="a job of this project may take 2 cores, not 3; ask for less, or"):
        allowed(Limits(cores=3), {"cores": 2}, Settings(), MACHINE)


def test_more_gpus_than_there_are_are_refused() -> None:
    with pytest.raises(BadRequest, match="may take 1 GPUs, not 2"):
        allowed(Limits(gpus=2), {}, Settings(), MACHINE)


def test_less_than_nothing_is_refused() -> None:
    with pytest.raises(BadRequest, match="a job's disk_bytes must be 0 or more, not -1; leave it out"):
        allowed(Limits(disk_bytes=-1), {}, Settings(), MACHINE)


def test_memory_is_nine_tenths_of_the_machine_s_over_the_workers() -> None:
    assert on_machine(Limits(), Settings(jobs_at_once=2), MACHINE).memory_bytes == 9_000


def test_cores_are_the_machine_s_over_the_jobs_at_once() -> None:
    assert on_machine(Limits(), Settings(jobs_at_once=2), MACHINE).cores == 2
    assert on_machine(Limits(), Settings(jobs_at_once=9), MACHINE).cores == 1


@pytest.mark.parametrize(
    "told", ["", "[]", "no json", '{"cores": "many"}', '{"cores": true}', '{"cores": -1}']
)
def test_a_project_s_limits_that_mean_nothing_are_none(told: str) -> None:
    assert of_project(told) == {}
