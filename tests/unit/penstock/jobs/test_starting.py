"""Processes of jobs are forked from one that has all imported, and look and end like others."""

import os
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from monitoring.retraining.processes import Process, find
from penstock.jobs import folders, launch, starting
from penstock.jobs.starting import Starter
from penstock.jobs.tree import MARK
from serving.settings import Settings, load


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings whose MLflow takes connections and never answers, so that jobs wait."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        var_dir = tmp_path_factory.mktemp("var")
        given = load({"PENSTOCK_VAR_DIR": str(var_dir)})
        yield replace(given, tracking_uri=f"http://127.0.0.1:{server.getsockname()[1]}")


@pytest.fixture(scope="module")
def starter(settings: Settings) -> Iterator[Starter]:
    starter = Starter(starting.environment(folders.of_any(settings, 1)))
    starter.warm_up()
    yield starter
    starter.cool_down()


def begin(starter: Starter, settings: Settings, *, cores: int = 1, **more: str) -> tuple[Process, Path]:
    job_id = str(uuid.uuid4())
    folder = settings.jobs_dir.absolute() / job_id
    folder.mkdir(parents=True)
    launch.write(
        folder, launch.ASKED, launch.Asked(job_id, str(starting.CODE), "ingest", {}, "an experiment")
    )
    environ = folders.of_any(settings, cores) | {MARK: job_id} | more
    return starter.start(folder, environ=environ, log=folder / "said.log"), folder


def end(starter: Starter, process: Process) -> int | None:
    os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while starter.is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return starter.exit_code(process)


def parent(process: Process) -> str:
    return " ".join(psutil.Process(psutil.Process(process.pid).ppid()).cmdline())


def test_a_job_s_process_is_forked_and_found_by_its_name_and_its_mark(
    starter: Starter, settings: Settings
) -> None:
    process, folder = begin(starter, settings)
    try:
        assert starting.WARM in parent(process)
        assert find((launch.__name__, folder.name)) == process
        assert psutil.Process(process.pid).environ()[MARK] == folder.name
        assert os.getsid(process.pid) == process.pid
    finally:
        assert end(starter, process) == -9


def test_a_job_s_own_environment_is_the_only_one_it_has(starter: Starter, settings: Settings) -> None:
    nowhere = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    process, folder = begin(starter, settings, **nowhere)
    deadline = time.monotonic() + 30
    while starter.is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (starter.exit_code(process), launch.read(folder, launch.ENDED)["code"]) == (
        launch.AWAY,
        launch.AWAY,
    )


def test_one_with_another_number_of_threads_is_started_afresh(starter: Starter, settings: Settings) -> None:
    process, _ = begin(starter, settings, cores=2)
    try:
        assert psutil.Process(process.pid).ppid() == os.getpid()
    finally:
        assert end(starter, process) == -9


def test_the_process_that_forks_holds_no_password(settings: Settings) -> None:
    given = folders.of_any(settings, 1) | dict.fromkeys(starting._SECRETS, "secret")
    assert "secret" not in starting.environment(given).values()


def test_jobs_outlive_what_forked_them_and_others_are_started_afresh(settings: Settings) -> None:
    starter = Starter(starting.environment(folders.of_any(settings, 1)))
    first, _ = begin(starter, settings)
    forker = psutil.Process(psutil.Process(first.pid).ppid())
    forker.kill()
    forker.wait(10)
    second, _ = begin(starter, settings)
    try:
        assert starter.is_alive(first)
        assert psutil.Process(second.pid).ppid() == os.getpid()
    finally:
        assert (end(starter, first), end(starter, second)) == (None, -9)
        starter.cool_down()


def test_what_forks_ends_with_its_service(settings: Settings) -> None:
    starter = Starter(starting.environment(folders.of_any(settings, 1)))
    process, _ = begin(starter, settings)
    forker = psutil.Process(psutil.Process(process.pid).ppid())
    assert end(starter, process) == -9
    assert starter._warm is not None
    starter._warm._socket.close()  # as the kernel does it when a service is killed
    forker.wait(20)
