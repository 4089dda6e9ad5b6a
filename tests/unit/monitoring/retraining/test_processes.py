"""Runs as process groups: ended whole, found again, and never taken for another of their number."""

import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from monitoring.retraining.processes import Process, Processes, find

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def start(processes: Processes, folder: Path, script: str, *words: str) -> Process:
    command = [sys.executable, "-c", script, *words]
    return processes.start(command, environ={}, cwd=folder, log=folder / "run.log")


def wait(is_so: object, limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_an_end_takes_all_that_was_started(tmp_path: Path) -> None:
    processes = Processes()
    run = start(processes, tmp_path, PARENT)
    wait(lambda: (tmp_path / "run.log").read_text().strip())
    child = int((tmp_path / "run.log").read_text())
    processes.end([run], grace_s=5.0)
    wait(lambda: is_gone(child))
    assert not processes.is_alive(run)


def test_who_does_not_listen_is_made_to_end(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    processes = Processes()
    run = start(processes, tmp_path, deaf)
    wait((tmp_path / "run.log").read_text)
    processes.end([run], grace_s=0.2)
    assert not processes.is_alive(run)


def test_the_exit_code_is_that_of_the_run(tmp_path: Path) -> None:
    processes = Processes()
    run = start(processes, tmp_path, "raise SystemExit(3)")
    wait(lambda: not processes.is_alive(run))
    assert processes.exit_code(run) == 3


def test_a_run_is_found_by_its_words_and_known_to_others(tmp_path: Path) -> None:
    processes = Processes()
    run = start(processes, tmp_path, "import time; time.sleep(60)", "ticket-4711")
    wait(lambda: find(("ticket-4711",)) is not None)
    assert find(("ticket-4711",)).pid == run.pid
    assert Processes().is_alive(run)
    processes.end([run], grace_s=5.0)
    assert not Processes().is_alive(run)


def test_a_later_process_of_the_same_number_is_another(tmp_path: Path) -> None:
    processes = Processes()
    run = start(processes, tmp_path, "import time; time.sleep(60)")
    earlier = Process(run.pid, run.born_s - 100)
    assert not Processes().is_alive(earlier)
    Processes().tell(earlier, signal.SIGKILL)
    assert processes.is_alive(run)
    processes.end([run], grace_s=5.0)


def test_what_cannot_be_started_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Processes().start(["/nowhere/at/all"], environ={}, cwd=tmp_path, log=tmp_path / "run.log")
