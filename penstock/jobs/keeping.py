"""What a worker writes of its jobs: signs of life, progress, their end; and what other workers left behind.

Each write names the worker, so that one whose job was taken over writes nothing more of it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from penstock.jobs import costs, shares
from penstock.jobs.claims import read_place
from penstock.jobs.job import Job, State, Usage
from penstock.jobs.machine import Place
from penstock.jobs.store import JOBS, read_row
from serving.lifecycle.database import Database


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a running job.

    Attributes:
        pid: Its process; 0 before there is one.
        born_s: When that began.
        run_id: Its MLflow run.
        progress: What it does now.
        usage: What it took, all its starts together.
    """

    pid: int = 0
    born_s: float = 0.0
    run_id: str = ""
    progress: Mapping[str, Any] | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Held:
    """A running job with what only workers need to know of it."""

    job: Job
    pid: int
    born_s: float
    beat_s: float
    host: str
    place: Place


@dataclass(frozen=True, slots=True)
class End:
    """How a start of a job ended.

    Attributes:
        state: `pending` where another start follows.
        code: Why, for programs.
        why: Why, in a sentence.
        run_id: Its MLflow run, if it came to one.
        results: What came of it.
        usage: What it took, all its starts together.
        taken: What this start took.
        due_s: Before when it is not started again.
        is_counted: Whether this start counts among the job's attempts.
    """

    state: State
    code: str = ""
    why: str = ""
    run_id: str = ""
    results: Mapping[str, Any] | None = None
    usage: Usage = field(default_factory=Usage)
    taken: Usage = field(default_factory=Usage)
    due_s: float = 0.0
    is_counted: bool = True


class Keeping:
    """The jobs in the hands of one service; usable from several threads.

    Every method raises LifecycleError where the database refuses.

    Args:
        database: Where they are.
        worker: The service's name.
        now: Seconds since 1970.
    """

    def __init__(self, database: Database, worker: str, now: Callable[[], float]) -> None:
        self._database, self.worker, self._now = database, worker, now

    def wishes(self) -> dict[str, str]:
        """The jobs that are this service's, each with whoever wants it cancelled."""
        query = sa.select(JOBS.c.job_id, JOBS.c.cancel_by).where(self._mine())
        with self._database.begin(is_read_only=True) as connection:
            return {row.job_id: row.cancel_by for row in connection.execute(query)}

    def beat(self, notes: Mapping[str, Note]) -> None:
        """Say that this service lives, and what is new of its jobs."""
        with self._database.begin() as connection:
            connection.execute(sa.update(JOBS).where(self._mine()).values(beat_s=self._now()))
            for job_id, note in notes.items():
                this = self._mine() & (JOBS.c.job_id == job_id)
                connection.execute(sa.update(JOBS).where(this).values(_noted(note)))

    def end(self, job: Job, end: End) -> bool:
        """Write how a start ended, with what it took on the owner's account; False if it was taken over."""
        now_s = self._now()
        values: dict[str, Any] = {
            "state": end.state,
            "ended_s": 0.0 if end.state == "pending" else now_s,
            "worker": "",
            "pid": 0,
            "code": end.code,
            "why": end.why,
            "due_s": end.due_s,
            "attempts": JOBS.c.attempts - (0 if end.is_counted else 1),
            "results": json.dumps(end.results or {}, ensure_ascii=False),
            **asdict(end.usage),
        }
        if end.run_id:
            values["run_id"] = end.run_id
        with self._database.begin() as connection:
            shares.lock(connection)
            this = self._mine() & (JOBS.c.job_id == job.job_id)
            if not connection.execute(sa.update(JOBS).where(this).values(**values)).rowcount:
                return False
            shares.book(connection, job.wanted.owner, max(0.0, now_s - job.started_s))
            costs.book(
                connection,
                owner=job.wanted.owner,
                project=job.wanted.project,
                usage=end.taken,
                now_s=now_s,
                jobs=int(end.state != "pending"),
            )
        return True

    def of_others(self) -> list[Held]:
        """Running jobs that are another service's, the oldest first."""
        query = sa.select(JOBS).where(JOBS.c.state == "running", JOBS.c.worker != self.worker)
        return self._held(query.order_by(JOBS.c.started_s))

    def get(self, job_id: str) -> Held | None:
        """A running job, whoever has it."""
        found = self._held(sa.select(JOBS).where(JOBS.c.state == "running", JOBS.c.job_id == job_id))
        return found[0] if found else None

    def take_over(self, held: Held, host: str) -> bool:
        """Take a job over; False if it moved meanwhile."""
        this = (JOBS.c.job_id == held.job.job_id) & (JOBS.c.worker == held.job.worker)
        this &= (JOBS.c.state == "running") & (JOBS.c.beat_s == held.beat_s)
        values = {"worker": self.worker, "beat_s": self._now(), "host": host}
        with self._database.begin() as connection:
            return bool(connection.execute(sa.update(JOBS).where(this).values(**values)).rowcount)

    def over_before(self, job_ids: Sequence[str], before_s: float) -> set[str]:
        """Those of these that ended before a moment, or that nobody knows."""
        query = sa.select(JOBS.c.job_id).where(JOBS.c.job_id.in_(job_ids))
        query = query.where((JOBS.c.ended_s == 0) | (JOBS.c.ended_s >= before_s))
        with self._database.begin(is_read_only=True) as connection:
            return set(job_ids) - {row.job_id for row in connection.execute(query)}

    def _mine(self) -> sa.ColumnElement[bool]:
        return (JOBS.c.worker == self.worker) & (JOBS.c.state == "running")

    def _held(self, query: sa.Select[Any]) -> list[Held]:
        with self._database.begin(is_read_only=True) as connection:
            rows = connection.execute(query).all()
        return [
            Held(read_row(row), row.pid, row.born_s, row.beat_s, row.host, read_place(row.place))
            for row in rows
        ]


def _noted(note: Note) -> dict[str, Any]:
    values: dict[str, Any] = {"pid": note.pid, "born_s": note.born_s, **asdict(note.usage)}
    if note.run_id:
        values["run_id"] = note.run_id
    if note.progress is not None:
        values["progress"] = json.dumps(note.progress, ensure_ascii=False)
    return values
