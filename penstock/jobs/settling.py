"""The end of a start of a job: its outcome fetched, its MLflow run marked, all of it written down once."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from penstock.desk import Desk
from penstock.jobs import folders, runs
from penstock.jobs.job import Job, Usage
from penstock.jobs.keeping import End, Keeping
from penstock.jobs.verdict import AWAY, STOPPED, Verdict
from serving.lifecycle.errors import LifecycleError

log = logging.getLogger(__name__)

OUTCOME_S = 300.0
"""How long the outcome of a job that ended well is asked for while MLflow is away."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
NO_OUTCOME = "no_outcome"
_T = TypeVar("_T")


class StoppedError(Exception):
    """The service is to stop; whoever comes next settles the job."""


@dataclass(frozen=True, slots=True)
class Settler:
    """Writes down what became of jobs; usable from several threads.

    Args:
        desk: MLflow and the database.
        keeping: The jobs that are this service's.
        stop: Set when the service is to stop.
    """

    desk: Desk
    keeping: Keeping
    stop: threading.Event

    def settle(
        self, job: Job, verdict: Verdict, *, folder: Path, run_id: str, usage: Usage, taken: Usage
    ) -> None:
        """Write down how a start ended.

        Raises:
            StoppedError: The service stops before what is needed came.
        """
        results: dict[str, Any] = {}
        if verdict.state == "completed" and job.wanted.outcome:
            verdict, results = self._outcome(verdict, run_id, job.wanted.outcome)
        if run_id and verdict.state != "completed" and verdict.code != STOPPED:
            self._close(run_id, verdict)
        disk = folders.size(folder) + self._artefacts(run_id)
        folders.drop_tmp(folder)  # before it is written: then the folder may be another start's
        end = End(
            state=verdict.state,
            code=verdict.code,
            why=verdict.why,
            run_id=run_id,
            results=results,
            usage=replace(usage, disk_bytes=disk),
            taken=replace(taken, disk_bytes=disk if verdict.state != "pending" else 0),
            due_s=self.desk.now_s() + verdict.pause_s,
            is_counted=verdict.code != STOPPED,
        )
        if not self._write(job, end):
            log.warning("job %s was taken over; what became of it here is not written", job.job_id)
        log.info(
            "job %s (%s of %s): %s %s", job.job_id, job.wanted.entry, job.wanted.owner, end.state, end.code
        )
        if end.state == "completed":
            self._follow(job.job_id)

    def _follow(self, job_id: str) -> None:
        """Make the version of a requirement that was met; whoever looks at the job does it, if this fails."""
        from penstock.problems import Problem
        from penstock.services import requirements

        try:
            if (job := self.desk.jobs.get(job_id)) is not None:
                requirements.settle(self.desk, job)
        except (Problem, LifecycleError) as error:
            log.warning("the version of job %s is not made yet: %s", job_id, _first_line(error))

    def close_earlier(self, job: Job) -> None:
        """Mark the run of a start that was cut off, before the next one.

        Raises:
            mlflow.exceptions.MlflowException: MLflow does not answer.
        """
        if job.run_id:
            runs.close(self.desk.client, job.run_id, "FAILED", _cut_off(job.why or "its process was lost"))

    def _outcome(self, verdict: Verdict, run_id: str, name: str) -> tuple[Verdict, dict[str, Any]]:
        from mlflow.exceptions import MlflowException

        try:
            return verdict, self._patient(lambda: runs.outcome(self.desk.client, run_id, name))
        except runs.NoOutcomeError as error:
            return Verdict("failed", NO_OUTCOME, str(error)), {}
        except MlflowException as error:
            why = f"it ended well, and its outcome could not be read from MLflow: {_first_line(error)}"
            return Verdict("failed", AWAY, f"{why}; its run holds it"), {}

    def _patient(self, act: Callable[[], _T]) -> _T:
        """Do something that needs MLflow, again and again while that is away."""
        from mlflow.exceptions import MlflowException

        pause_s, waited_s = FIRST_PAUSE_S, 0.0
        while True:
            try:
                return act()
            except MlflowException as error:
                if waited_s >= OUTCOME_S or not runs.is_away(error):
                    raise
            if self.stop.wait(pause_s):
                raise StoppedError
            waited_s, pause_s = waited_s + pause_s, min(2 * pause_s, LONGEST_PAUSE_S)

    def _close(self, run_id: str, verdict: Verdict) -> None:
        from mlflow.exceptions import MlflowException

        is_cancelled = verdict.state == "cancelled"
        status = "KILLED" if is_cancelled else "FAILED"
        why = _cut_off(verdict.why) if verdict.state == "pending" else verdict.why
        try:
            runs.close(self.desk.client, run_id, status, why, is_final=is_cancelled)
        except MlflowException as error:
            log.warning("run %s could not be marked as %s: %s", run_id, status, _first_line(error))

    def _artefacts(self, run_id: str) -> int:
        from mlflow.exceptions import MlflowException

        if not run_id or self.stop.is_set():
            return 0
        try:
            return runs.artefact_bytes(self.desk.client, run_id)
        except MlflowException as error:
            log.warning("the artefacts of run %s could not be counted: %s", run_id, _first_line(error))
            return 0

    def _write(self, job: Job, end: End) -> bool:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return self.keeping.end(job, end)
            except LifecycleError as error:
                log.warning("the end of job %s could not be written yet: %s", job.job_id, error)
            if self.stop.wait(pause_s):
                raise StoppedError
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _cut_off(why: str) -> str:
    """What a run is told of whose job goes on in another."""
    return f"{why}; the job is started again, in another run"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
