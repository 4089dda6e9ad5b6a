"""A job service over a small MLproject whose entry points really run, in this process or another."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import psutil

from penstock.desk import Desk
from penstock.jobs.job import Job, Limits, Wanted
from penstock.jobs.machine import Machine
from penstock.jobs.service import Service
from penstock.jobs.tree import MARK
from penstock.people.person import Person
from penstock.records.project import Project
from penstock.services import jobs
from serving.settings import Settings, load
from tests.conftest import REPO, stop_group
from tests.unit.penstock.records.project_fixtures import kept

ANN = Person("ann", is_admin=True)
PATIENCE_S = 240.0
MLPROJECT = """
name: tiny
entry_points:
  nap: {parameters: {seconds: {type: string, default: "0"}}, command: "sleep {seconds}"}
  say: {parameters: {words: {type: string, default: ""}}, command: "echo {words}"}
  told: {parameters: {outcome: {type: string, default: "{}"}}, command: "python told.py {outcome}"}
  refuse: {command: "echo 'penstock: no row is left; give more rows' >&2; exit 2"}
  fail: {command: "echo 'penstock: the file broke off'; exit 1"}
  away_once: {parameters: {mark: {type: string, default: ""}}, command: "sh away_once.sh {mark}"}
  hold: {parameters: {megabytes: {type: string, default: "1"}}, command: "python hold.py {megabytes}"}
  fill: {command: "head -c 4000000 /dev/zero > $TMPDIR/much; sleep 60"}
  burn: {command: "python burn.py"}
  fork: {parameters: {pids: {type: string, default: ""}}, command: "python fork.py {pids}"}
  steps: {command: "printf '[1/4] reading ... done (0.1 s)\\\\n[2/4] cleaning ... '; sleep 30"}
  die: {command: "kill -9 $$"}
  babble: {command: "yes 'a line that says nothing' | head -c 30000000; echo the end"}
  see: {command: "env; python -c 'import os; print(os.nice(0), len(os.sched_getaffinity(0)))'"}
  count: {parameters: {file: {type: string, default: ""}}, command: "sh count.sh {file}"}
"""
TOLD = """
import json, os, sys
from mlflow.tracking import MlflowClient
MlflowClient().log_dict(os.environ["MLFLOW_RUN_ID"], json.loads(sys.argv[1]), "told.json")
"""
COUNT = """
echo once >> "$1"; sleep 4
while [ -e "$1.held" ]; do sleep 0.2; done
"""
AWAY_ONCE = """
if [ -e "$1" ]; then echo back; else touch "$1"; echo 'penstock: database is locked'; exit 1; fi
"""
HOLD = """
import sys, time
held = bytearray(int(sys.argv[1]) * 1_000_000)
held[::4096] = b"x" * len(held[::4096])
print("held", flush=True)
time.sleep(60)
"""
BURN = """
import resource, subprocess, sys
code = "import time; end = time.process_time() + 2.5\\nwhile time.process_time() < end: pass"
for _ in range(2):
    subprocess.run([sys.executable, "-S", "-c", code], check=True)
took = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(sum(each.ru_utime + each.ru_stime for each in took))
"""
FORK = """
import os, subprocess, sys, time
def away(clean):
    environ = {} if clean else None
    code = "import time; time.sleep(300)"
    return subprocess.Popen([sys.executable, "-S", "-c", code], start_new_session=True, env=environ)
if os.fork() == 0:  # its child loses its parent
    with open(sys.argv[1], "w") as file:
        file.write(f"{away(False).pid} {away(True).pid} {os.getpid()}")
        file.flush()
    os._exit(0)
time.sleep(300)
"""


def tiny_project(folder: Path) -> Path:
    """An MLproject whose entry points nap, print, take memory, fork and fail."""
    folder.mkdir()
    files = {
        "MLproject": MLPROJECT,
        "told.py": TOLD,
        "away_once.sh": AWAY_ONCE,
        "count.sh": COUNT,
        "hold.py": HOLD,
    }
    for name, text in (files | {"burn.py": BURN, "fork.py": FORK}).items():
        (folder / name).write_text(text.lstrip(), encoding="utf-8")
    return folder


def settings_of(root: Path, tracking_uri: str, **more: Any) -> Settings:
    project = root / "tiny"
    given = {"retrain_project": str(project if project.exists() else tiny_project(project)), **more}
    loaded = load({"PENSTOCK_VAR_DIR": str(root / "var"), "PENSTOCK_TRACKING_URI": tracking_uri})
    return replace(loaded, **given)


def desk_of(root: Path, tracking_uri: str, **more: Any) -> Desk:
    """A desk with a project of Ann's."""
    desk = Desk(settings_of(root, tracking_uri, **more))
    name = f"p{time.time_ns()}"
    number = desk.client.create_experiment(f"ann/{name}")
    kept(desk.projects, Project("ann", name, number, created_s=1.0))
    return desk


def path_of(desk: Desk) -> str:
    return desk.projects.listed()[0].path


def ask(desk: Desk, entry: str, limits: Limits | None = None, **parameters: str) -> Job:
    """Ask for a job of Ann's."""
    return jobs.submit(desk, ANN, wanted(desk, entry, limits=limits or Limits(), parameters=parameters))


def wanted(desk: Desk, entry: str, **more: Any) -> Wanted:
    return Wanted(**{"entry": entry, "owner": "ann", "project": path_of(desk), "parameters": {}} | more)


def over(desk: Desk, job: Job) -> Job:
    """The job when it is over."""
    found = asyncio.run(jobs.wait(desk, job.job_id, PATIENCE_S))
    assert found.is_over, (found, log_of(desk, job))
    return found


def log_of(desk: Desk, job: Job) -> str:
    return jobs.log(desk, ANN, job.job_id).text


def until(desk: Desk, job: Job, is_so: Callable[[Job], object], patience_s: float = PATIENCE_S) -> Job:
    """Wait until something is so of a job."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = jobs.get(desk, ANN, job.job_id)
        if is_so(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"it never came to be so: {found}, {log_of(desk, job)}")


@contextmanager
def working(desk: Desk, machine: Machine | None = None) -> Iterator[Service]:
    """A service in a thread of this process."""
    service = Service(desk, machine) if machine else Service(desk)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        yield service
    finally:
        service.stop()
        thread.join(30.0)
        assert not thread.is_alive()


class ServiceProcess:
    """A service in a process of its own."""

    def __init__(self, settings: Settings, log: Path) -> None:
        names = (
            "var_dir", "tracking_uri", "retrain_project", "jobs_at_once", "jobs_redis_url", "database_url",
        )  # fmt: skip
        told = {f"PENSTOCK_{name.upper()}": str(getattr(settings, name)) for name in names}
        with log.open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "penstock.jobs"],
                cwd=REPO,
                env=os.environ | told,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop_group(self.process)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(120)


def marked(job: Job) -> list[psutil.Process]:
    """The living processes that bear a job's mark."""
    found = []
    for each in psutil.process_iter():
        try:
            if each.environ().get(MARK) == job.job_id and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
        except psutil.Error:
            continue
    return found


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def as_text(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False)
