"""Keeps one running job, in a thread of its own: starts its process or adopts it, watches, ends, settles."""

import contextlib
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from monitoring.retraining.processes import Process
from penstock.desk import Desk
from penstock.jobs import folders, launch, said
from penstock.jobs.job import Job, Usage
from penstock.jobs.keeping import Note
from penstock.jobs.limits import on_machine
from penstock.jobs.machine import Machine, Place
from penstock.jobs.settling import Settler, StoppedError
from penstock.jobs.starting import Starter
from penstock.jobs.tree import POLL_S, Tree
from penstock.jobs.verdict import FAILED, OUT_OF_MEMORY, Ending, Verdict, away, judge, lost
from penstock.jobs.watching import Watch
from penstock.people.job_accounts import job_environ
from penstock.problems import Away, NotAllowed

log = logging.getLogger(__name__)

GRACE_S = 2.0
"""From the wish that a job may end to its killing."""
_NOBODY = Process(0, 0.0)


@dataclass(frozen=True, slots=True)
class Shop:
    """What all keepers of a service share."""

    desk: Desk
    machine: Machine
    processes: Starter
    settler: Settler


class Keeper:
    """Keeps one job.

    Args:
        shop: What it works with.
        job: The job, claimed or taken over.
        place: Its cores and GPUs.
        adopted: The process that another service started, if it lives.
        is_new: Whether a process is to be started; else it is adopted, or dead already.
    """

    def __init__(
        self, shop: Shop, job: Job, place: Place, *, adopted: Process | None = None, is_new: bool = True
    ) -> None:
        self.job = job
        self.is_settling = False
        self._shop, self._place, self._is_new = shop, place, is_new
        self._process = adopted or _NOBODY
        self._folder = shop.desk.settings.jobs_dir.absolute() / job.job_id
        self._watch = self._make_watch(job.usage if is_new else _before(self._folder))
        self._ending: Ending | None = None
        self._wake, self._is_let_go = threading.Event(), False
        self.thread = threading.Thread(target=self._run, name=f"job {job.job_id}", daemon=True)

    def ask(self, ending: Ending) -> None:
        """Have the job ended; the first reason stands."""
        self._ending = self._ending or ending
        self._wake.set()

    def let_go(self) -> None:
        """Leave the job's process to another service."""
        self._is_let_go = True
        self._wake.set()

    def note(self) -> Note:
        """What is to be written of it now."""
        note, process = self._watch.note(), self._process
        return Note(process.pid, process.born_s, note.run_id, note.progress, note.usage)

    def _run(self) -> None:
        try:
            verdict = self._worked()
            if verdict is not None:
                self._settle(verdict)
        except StoppedError:
            log.info("job %s is settled by whoever comes next", self.job.job_id)
        except Exception:  # one job's trouble must not take the service along
            log.exception("job %s could not be kept", self.job.job_id)
            self._watch.tree.kill()
            with contextlib.suppress(StoppedError):
                self._settle(Verdict("failed", FAILED, "the job service failed with it; its log says more"))

    def _worked(self) -> Verdict | None:
        """What became of the job; None where another service goes on with it."""
        if not self._is_new:
            return self._watched() if self._process.pid else self._judged()
        from mlflow.exceptions import MlflowException

        try:
            self._shop.settler.close_earlier(self.job)
            with job_environ(self._shop.desk, self.job) as of_person:
                return self._started(of_person)
        except (MlflowException, Away) as error:
            return away(self.job, str(error).partition("\n")[0])
        except NotAllowed as error:
            return Verdict("failed", FAILED, str(error))
        except OSError as error:
            self._watch.tree.kill()
            return Verdict("failed", FAILED, f"its folder or process failed: {error.strerror or error}")

    def _started(self, of_person: Mapping[str, str]) -> Verdict | None:
        if self._ending is None:
            self._start(of_person)
        verdict = self._watched()
        if verdict is None:
            # Its account must outlive this service: whoever takes the job over uses it.
            threading.Event().wait()
        return verdict

    def _start(self, of_person: Mapping[str, str]) -> None:
        settings = self._shop.desk.settings
        folders.prepare(settings, self.job, self._place)
        environ = folders.environment(settings, self.job, self._place, self._folder, of_person)
        self._process = self._shop.processes.start(
            self._folder, environ=environ, log=self._folder / said.HEAD
        )
        self._watch = self._make_watch(self.job.usage)

    def _watched(self) -> Verdict | None:
        while self._shop.processes.is_alive(self._process):
            if self._is_let_go:
                return None
            ending = self._ending or self._watch.look()
            if ending is not None:
                self._end(ending)
                break
            self._pause()
        return self._judged()

    def _pause(self) -> None:
        """Wait for the next look, or for the process's end, which costs little to see."""
        until = time.monotonic() + self._watch.pause_s
        while time.monotonic() < until and not self._wake.wait(POLL_S):
            if not self._shop.processes.is_alive(self._process):
                return

    def _end(self, ending: Ending) -> None:
        """End all processes: asked first, made to when the grace is over."""
        self._ending = ending
        # A service that comes after this one must know it, too.
        launch.write(self._folder, folders.ENDING, asdict(ending))
        # Whoever takes too much memory has no time to lose.
        grace_s = 0.0 if ending.code == OUT_OF_MEMORY else GRACE_S
        tree, deadline = self._watch.tree, time.monotonic() + grace_s
        tree.ask()
        while self._shop.processes.is_alive(self._process) and time.monotonic() < deadline:
            self._watch.look()
            time.sleep(POLL_S)

    def _judged(self) -> Verdict:
        self.is_settling = True
        if not self._watch.tree.kill():
            log.error("processes of job %s are left; they cannot be killed", self.job.job_id)
        own_code = self._shop.processes.exit_code(self._process)
        self._shop.processes.forget(self._process)
        told = launch.read(self._folder, launch.ENDED).get("code")
        ending = self._ending or _ending(self._folder)
        if told is None and own_code is None and ending is None:
            return lost(self.job, "the job service ended while it ran, and its process is gone")
        return judge(
            self.job,
            code=own_code if told is None else told,
            words=said.last(self._folder),
            ending=ending,
            figures=self._watch.figures(),
        )

    def _settle(self, verdict: Verdict) -> None:
        self.is_settling = True
        self._shop.settler.settle(
            self.job,
            verdict,
            folder=self._folder,
            run_id=str(launch.read(self._folder, launch.RUN).get("run_id", "")),
            usage=self._watch.usage(),
            taken=self._watch.taken(),
        )

    def _make_watch(self, before: Usage) -> Watch:
        desk = self._shop.desk
        return Watch(
            self.job,
            on_machine(self.job.wanted.limits, desk.settings, self._shop.machine),
            self._folder,
            Tree(self.job.job_id, self._process),
            before,
            desk.now_s,
        )


def _before(folder: Path) -> Usage:
    """What the starts before the one that is adopted took."""
    told = launch.asked(folder)
    return Usage(told.core_s, told.peak_bytes, told.disk_bytes, told.wall_s)


def _ending(folder: Path) -> Ending | None:
    told = launch.read(folder, folders.ENDING)
    return Ending(str(told["code"]), str(told["why"])) if {"code", "why"} <= told.keys() else None
