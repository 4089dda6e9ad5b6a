"""`python -m penstock.jobs.launch FOLDER`: becomes one job's process, and runs its entry point by MLflow.

It leads a group of its own and outlives the service that started it: it writes the log, notes the MLflow run
as soon as there is one and how the entry point ended, and takes what lost its parent. If no service watches
over it for `ORPHAN_S`, it ends everything: another machine may start the job again then.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psutil

from penstock.jobs import runs
from penstock.jobs.ahead import Ahead, words_of
from penstock.jobs.said import Log

ASKED, RUN, ENDED, WATCHED = "asked.json", "run.json", "ended.json", "watched"
OK, FAILED, BAD_INPUT, AWAY, ORPHANED = 0, 1, 2, 75, 76
"""Exit codes; 75 is `EX_TEMPFAIL` of sysexits.h."""
ORPHAN_S = 120.0
LOOK_S = 1.0
DRAIN_S = 2.0
"""How long words that the entry point left in the pipe are waited for."""
OOM_ADJUST = 500
"""The kernel, short of memory, takes jobs before it takes what serves predictions."""
CODE = Path(__file__).parents[2]
_SUBREAPER = 36
_PIPE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job's process is to do.

    Attributes:
        job_id: The job.
        project: The folder of the MLproject.
        entry: Its entry point.
        parameters: The entry point's.
        experiment: The MLflow experiment of the run, by name or id.
        tags: What the run is marked with.
        cores: The cores that it may use; empty for all.
        nice: How far it stands back behind others.
        core_s: What earlier starts took, and so on.
        peak_bytes: The same of memory.
        disk_bytes: The same of disk.
        wall_s: The same of time.
    """

    job_id: str
    project: str
    entry: str
    parameters: dict[str, str]
    experiment: str
    tags: dict[str, str] = field(default_factory=dict)
    cores: tuple[int, ...] = ()
    nice: int = 0
    core_s: float = 0.0
    peak_bytes: int = 0
    disk_bytes: int = 0
    wall_s: float = 0.0


def write(folder: Path, name: str, told: Any) -> None:
    """Leave a piece of news in a job's folder, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    part = folder / f".{name}"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(told))
    part.replace(folder / name)


def read(folder: Path, name: str) -> dict[str, Any]:
    """A piece of news from a job's folder; empty where there is none."""
    try:
        found = orjson.loads((folder / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return dict(found) if isinstance(found, dict) else {}


def asked(folder: Path) -> Asked:
    """What a job's process was asked; of nobody where that cannot be read."""
    found = read(folder, ASKED)
    return Asked(**found) if found else Asked("", "", "", {}, "")


def main(folder: Path, *, is_forked: bool = False) -> int:
    """Run the job; give its exit code, which is left in the folder, too.

    Args:
        folder: The job's.
        is_forked: Whether all is imported already; then a step's process may be forked, too.
    """
    told = asked(folder)
    _settle_in(told)
    reading, kept = _redirected()
    # As long as there is no other thread here that a fork would tear away.
    ahead = Ahead(close=(reading, kept)) if is_forked and Path(told.project) == CODE else None
    if ahead is not None and ahead.is_child:
        return ahead.work()
    with _logged(folder, reading, kept):
        entry = _Entry(folder, told, ahead)
        threading.Thread(target=entry.mind, daemon=True).start()
        code = entry.run()
    write(folder, ENDED, {"code": code, "core_s": _core_s()})
    return code


def _settle_in(told: Asked) -> None:
    """Stand back behind what serves, and be the parent of whatever loses its own."""
    # Asked to end, it waits for the entry point, which is asked as well, and notes what came of it.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with contextlib.suppress(OSError):
        os.nice(told.nice)
    if told.cores and hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, told.cores)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_ADJUST), encoding="ascii")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


class _Entry:
    """The entry point's process."""

    def __init__(self, folder: Path, told: Asked, ahead: Ahead | None) -> None:
        self._folder, self._told, self._ahead = folder, told, ahead
        self._process: subprocess.Popen[Any] | Ahead | None = None

    def run(self) -> int:
        """Run the entry point; give its exit code, or why it was not started."""
        from mlflow.exceptions import ExecutionException, MlflowException

        try:
            self._start()
        except ExecutionException as error:
            if self._process is None:
                return _say(error, BAD_INPUT)
        except MlflowException as error:
            if self._process is None:
                return _say(error, AWAY if runs.is_away(error) else BAD_INPUT)
            _say(error, FAILED)  # the entry point ended, and MLflow could not be told
        except (OSError, ValueError, KeyError) as error:
            return _say(error, FAILED)
        return FAILED if self._process is None else self._process.wait()

    def mind(self) -> None:
        """Take up those that lost their parents, and end everything when nobody watches any more."""
        seen, alone_s = 0.0, 0.0
        while True:
            time.sleep(LOOK_S)
            self._reap()
            with contextlib.suppress(OSError):
                latest = (self._folder / WATCHED).stat().st_mtime
                # Counted, not compared with the clock, which jumps when a machine wakes up.
                alone_s = alone_s + LOOK_S if latest == seen else 0.0
                seen = latest
            if alone_s >= ORPHAN_S:
                self._give_up()

    def _start(self) -> None:
        import mlflow.projects
        from mlflow.projects.backend import loader
        from mlflow.projects.backend.local import LocalBackend

        entry = self

        class Noted(LocalBackend):  # type: ignore[misc]
            """MLflow's own, which tells of its run and of its process; `mlflow.projects.run` keeps both."""

            def run(self, *arguments: Any, **named: Any) -> Any:
                submitted = super().run(*arguments, **named)
                entry.note(submitted.run_id, submitted.command_proc)
                return submitted

        loader.MLFLOW_BACKENDS["local"] = Noted
        if self._ahead is not None:
            _let_take(self._ahead)
        mlflow.projects.run(
            self._told.project,
            entry_point=self._told.entry,
            parameters=self._told.parameters,
            **_experiment(self._told.experiment),
            env_manager="local",
            storage_dir=os.environ.get("TMPDIR"),
        )

    def note(self, run_id: str, process: subprocess.Popen[Any] | Ahead) -> None:
        """Tell the service of the run as soon as there is one."""
        from mlflow import MlflowClient
        from mlflow.entities import RunTag
        from mlflow.exceptions import MlflowException

        self._process = process
        write(self._folder, RUN, {"run_id": run_id})
        tags = [RunTag(name, value) for name, value in self._told.tags.items()]
        try:
            MlflowClient().log_batch(run_id, tags=tags)
        except MlflowException as error:
            print(f"the run could not be marked: {error}", file=sys.stderr, flush=True)

    def _reap(self) -> None:
        if self._process is None:
            return
        for child in psutil.Process().children():
            with contextlib.suppress(OSError, psutil.Error):
                if child.pid != self._process.pid and child.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(child.pid, os.WNOHANG)

    def _give_up(self) -> None:
        print("penstock: the job service has gone; the job is ended", file=sys.stderr, flush=True)
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
        write(self._folder, ENDED, {"code": ORPHANED, "core_s": _core_s()})
        os.killpg(0, signal.SIGKILL)


def _let_take(ahead: Ahead) -> None:
    """Have MLflow give a step of this project to the process that waits for it, and all else to a shell."""
    from mlflow.projects.backend import local
    from mlflow.projects.submitted_run import LocalSubmittedRun
    from mlflow.projects.utils import get_run_env_vars

    by_shell = local._run_entry_point  # noqa: SLF001 - there is no other way to start a command differently

    def run(command: str, work_dir: str, experiment_id: str, run_id: str) -> Any:
        words = words_of(command)
        if words is None:
            return by_shell(command, work_dir, experiment_id, run_id)
        ahead.begin(words, os.environ | get_run_env_vars(run_id, experiment_id), work_dir)
        return LocalSubmittedRun(run_id, ahead)

    local._run_entry_point = run  # noqa: SLF001


def _redirected() -> tuple[int, int]:
    """Let everything that is printed, here and by what is started, go into a pipe.

    Returns:
        Where it is read, and where it went before.
    """
    reading, writing = os.pipe()
    kept = os.dup(1)
    for number in (1, 2):
        os.dup2(writing, number)
    os.close(writing)
    return reading, kept


@contextlib.contextmanager
def _logged(folder: Path, reading: int, kept: int) -> Any:
    """Bring what is printed from the pipe into the log, until all is said."""
    pump = threading.Thread(target=_pump, args=(reading, folder), daemon=True)
    pump.start()
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number in (1, 2):
            os.dup2(kept, number)
        pump.join(DRAIN_S)


def _pump(reading: int, folder: Path) -> None:
    log = Log(folder)
    while data := os.read(reading, _PIPE_BYTES):
        # On a full disk the job goes on: its words are lost, and it must not wait for a reader.
        with contextlib.suppress(OSError):
            log.write(data)


def _core_s() -> float:
    """Seconds of this process and of all that it, or what it started, waited for."""
    import resource

    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in found)


def _experiment(told: str) -> dict[str, str]:
    return {"experiment_id" if told.isdecimal() else "experiment_name": told}


def _say(error: Exception, code: int) -> int:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    print(f"penstock: {line:.500}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
