"""Jobs over crashes: of the service, of a job, of the database and of Redis; none lost, none done twice."""

import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.services import jobs
from tests.conftest import MlflowServer, stop_group
from tests.service.job_fixtures import (
    ANN,
    ServiceProcess,
    ask,
    desk_of,
    marked,
    over,
    until,
    wanted,
    working,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(mlflow_server: MlflowServer, tmp_path: Path) -> Iterator[Desk]:
    desk = desk_of(tmp_path, mlflow_server.uri)
    yield desk
    for job in desk.jobs.listed():
        kill_all(job)


def service(desk: Desk, tmp_path: Path) -> ServiceProcess:
    return ServiceProcess(desk.settings, tmp_path / "service.log")


def counting(desk: Desk, tmp_path: Path, *, is_repeatable: bool = True) -> Job:
    parameters = {"file": str(tmp_path / "count")}
    asked = wanted(desk, "count", parameters=parameters, is_repeatable=is_repeatable)
    return jobs.submit(desk, ANN, asked)


def counted(tmp_path: Path) -> int:
    file = tmp_path / "count"
    return file.read_text().count("once") if file.exists() else 0


@contextmanager
def held(tmp_path: Path) -> Iterator[None]:
    """Keep counting jobs from ending, however late they are looked at."""
    mark = tmp_path / "count.held"
    mark.touch()
    try:
        yield
    finally:
        mark.unlink()


def test_a_killed_service_s_job_goes_on_under_the_next(desk: Desk, tmp_path: Path) -> None:
    first = service(desk, tmp_path)
    job = counting(desk, tmp_path)
    until(desk, job, lambda _: counted(tmp_path))
    first.kill()
    with service(desk, tmp_path):
        job = over(desk, job)
    assert (job.state, job.attempts, counted(tmp_path)) == ("completed", 1, 1)
    assert desk.client.get_run(job.run_id).info.status == "FINISHED"


def test_a_job_that_died_with_its_service_is_started_again(desk: Desk, tmp_path: Path) -> None:
    first = service(desk, tmp_path)
    with held(tmp_path):
        job = until(desk, counting(desk, tmp_path), lambda job: job.run_id and counted(tmp_path))
        first.kill()
        kill_all(job)
    with service(desk, tmp_path):
        again = over(desk, job)
    assert (again.state, again.attempts, counted(tmp_path)) == ("completed", 2, 2)
    run = desk.client.get_run(job.run_id)
    assert (run.info.status, run.info.run_id != again.run_id) == ("FAILED", True)
    why = "the job service ended while it ran, and its process is gone"
    assert run.data.tags["penstock.why"] == f"{why}; the job is started again, in another run"


def test_one_that_may_not_be_repeated_failed(desk: Desk, tmp_path: Path) -> None:
    first = service(desk, tmp_path)
    with held(tmp_path):
        job = until(desk, counting(desk, tmp_path, is_repeatable=False), lambda _: counted(tmp_path))
        first.kill()
        kill_all(job)
    with service(desk, tmp_path):
        job = over(desk, job)
    assert (job.state, job.code, counted(tmp_path)) == ("failed", "lost", 1)
    assert job.why.startswith("the job service ended while it ran, and its process is gone; ")


def test_a_stopped_service_leaves_nothing_behind_and_its_job_waits_again(desk: Desk, tmp_path: Path) -> None:
    with held(tmp_path), service(desk, tmp_path):
        job = until(desk, counting(desk, tmp_path), lambda _: counted(tmp_path))
    job = jobs.get(desk, ANN, job.job_id)
    assert (job.state, job.code, job.attempts, marked(job)) == ("pending", "stopped", 0, [])
    with working(desk):
        assert over(desk, job).state == "completed"


def test_a_service_may_leave_its_jobs_to_the_next(desk: Desk, tmp_path: Path) -> None:
    first = service(desk, tmp_path)
    with held(tmp_path):
        job = until(desk, counting(desk, tmp_path), lambda _: counted(tmp_path))
        first.process.send_signal(signal.SIGUSR1)
        assert first.process.wait(120) == 0
    with working(desk):
        job = over(desk, job)
    assert (job.state, job.attempts, counted(tmp_path)) == ("completed", 1, 1)


def test_two_services_do_every_job_once(desk: Desk, tmp_path: Path) -> None:
    asked = [counting(desk, tmp_path) for _ in range(4)]
    with working(desk), service(desk, tmp_path):
        done = [over(desk, job) for job in asked]
    assert [job.state for job in done] == ["completed"] * 4
    assert counted(tmp_path) == 4


def test_a_killed_job_process_fails_its_job_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    with working(desk):
        with held(tmp_path):
            job = until(desk, counting(desk, tmp_path), lambda _: counted(tmp_path))
            kill_all(job)
        job = over(desk, job)
        assert (job.state, job.code) == ("failed", "killed")
        assert over(desk, ask(desk, "say", words="x")).state == "completed"


def test_a_database_that_is_locked_for_seconds_loses_nothing(desk: Desk, tmp_path: Path) -> None:
    with working(desk):
        job = until(desk, counting(desk, tmp_path), lambda _: counted(tmp_path))
        with locked(desk, 6.0):
            time.sleep(6.0)
        job = over(desk, job)
    assert (job.state, job.attempts, counted(tmp_path)) == ("completed", 1, 1)


def test_jobs_are_done_while_redis_is_away_and_when_it_is_back(
    desk: Desk, tmp_path: Path, free_port: Callable[[], int], caplog: pytest.LogCaptureFixture
) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server on this machine")
    port = free_port()
    over_redis = Desk(replace(desk.settings, jobs_redis_url=f"redis://127.0.0.1:{port}/0"))
    with working(over_redis):
        away = ask(over_redis, "say", words="away")
        assert over(over_redis, away).state == "completed"
        assert caplog.text.count("the jobs' queue is away") == 1
        with redis(port, tmp_path):
            until(over_redis, away, lambda _: over_redis.tokens.tell())
            assert over(over_redis, ask(over_redis, "say", words="back")).state == "completed"
    over_redis.tokens.close()


@contextmanager
def redis(port: int, folder: Path) -> Iterator[None]:
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        stop_group(process)


@contextmanager
def locked(desk: Desk, seconds: float) -> Iterator[None]:
    """Hold the database's write lock for a while."""

    def hold() -> None:
        connection = sqlite3.connect(desk.settings.var_dir / "penstock.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    yield
    thread.join()


def kill_all(job: Job) -> None:
    for process in marked(job):
        with suppress(psutil.NoSuchProcess):  # a short one may have ended by itself
            process.kill()
            process.wait(120)
