"""Jobs in Penstock's database: the one truth about them; the queue only tells that there is work."""

import json
import uuid
from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from penstock.jobs import shares
from penstock.jobs.job import OPEN, Job, Limits, State, Usage, Wanted
from penstock.records.cursor import Cursor
from serving.lifecycle.database import METADATA, Database

JOBS = sa.Table(
    "penstock_jobs",
    METADATA,
    sa.Column("job_id", sa.String(36), primary_key=True),
    sa.Column("entry", sa.String(40), nullable=False),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("project", sa.String(400), nullable=False),
    sa.Column("wanted", sa.Text, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("is_urgent", sa.Boolean, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("started_s", sa.Double, nullable=False),
    sa.Column("ended_s", sa.Double, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("results", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("progress", sa.Text, nullable=False),
    sa.Column("core_s", sa.Double, nullable=False),
    sa.Column("peak_bytes", sa.BigInteger, nullable=False),
    sa.Column("disk_bytes", sa.BigInteger, nullable=False),
    sa.Column("wall_s", sa.Double, nullable=False),
    sa.Column("cancel_by", sa.String(255), nullable=False),
    sa.Column("worker", sa.String(300), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("born_s", sa.Double, nullable=False),
    sa.Column("beat_s", sa.Double, nullable=False),
    sa.Column("due_s", sa.Double, nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("gpus", sa.Integer, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Index("penstock_jobs_state", "state", "owner", "is_urgent", "created_s", "due_s"),
    sa.Index("penstock_jobs_owner", "owner", "created_s"),
    sa.Index("penstock_jobs_project", "project", "created_s"),
    sa.Index("penstock_jobs_run", "run_id"),
    sa.Index("penstock_jobs_created", "created_s", "job_id"),
)
_JSON = ("results", "progress")
_USAGE = tuple(Usage.__dataclass_fields__)
BRIEF = tuple(sa.literal("{}").label("results") if each.name == "results" else each for each in JOBS.c)
"""The columns of a job without its results: they may be large, and lists show none."""
_UNPLACED = {"pid": 0, "born_s": 0.0, "beat_s": 0.0, "due_s": 0.0, "host": "", "place": "{}"}
MOST_LISTED = 1000


class JobStore:
    """The jobs in the database; usable from several threads and processes.

    Every method raises LifecycleError where the database refuses.

    Args:
        database: Where they are.
        now: Seconds since 1970.
    """

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    def add(self, wanted: Wanted, *, job_id: str = "") -> Job:
        """Keep a new pending job.

        Args:
            wanted: What it is to do.
            job_id: Its id, where that is known already; by default a new one.
        """
        job = Job(job_id or str(uuid.uuid4()), wanted, "pending", self._now())
        with self._database.begin() as connection:
            if not connection.scalar(sa.select(JOBS.c.job_id).where(_open_of(wanted.owner)).limit(1)):
                floor_s = shares.lock(connection)
                served_s = shares.accounts(connection).get(wanted.owner, 0.0)
                shares.keep(connection, wanted.owner, shares.arrived(served_s, floor_s))
            connection.execute(sa.insert(JOBS).values({**_row(job), **_UNPLACED, "gpus": wanted.limits.gpus}))
        return job

    def pending(self, owner: str) -> int:
        """How many of a user's jobs have not been started."""
        query = sa.select(sa.func.count()).where(JOBS.c.state == "pending", JOBS.c.owner == owner)
        with self._database.begin(is_read_only=True) as connection:
            return int(connection.scalar(query) or 0)

    def get(self, job_id: str) -> Job | None:
        """A job; None where there is none of that id."""
        query = sa.select(JOBS).where(JOBS.c.job_id == job_id)
        with self._database.begin(is_read_only=True) as connection:
            row = connection.execute(query).first()
        return None if row is None else read_row(row)

    def put(self, job: Job) -> Job:
        """Keep what has become of a job."""
        with self._database.begin() as connection:
            connection.execute(sa.update(JOBS).where(JOBS.c.job_id == job.job_id).values(_row(job)))
        return job

    def listed(
        self,
        *,
        projects: Collection[str] | None = None,
        owner: str = "",
        states: Collection[State] = (),
        entries: Collection[str] = (),
        before: Cursor | None = None,
        most: int = 50,
        is_brief: bool = False,
    ) -> list[Job]:
        """Jobs, newest first.

        Args:
            projects: Only of these; None for all.
            owner: Only of this user's, if given.
            states: Only in these states, if given.
            entries: Only of these entry points, if given.
            before: Only those behind this place of an earlier page.
            most: At most so many, and `MOST_LISTED`.
            is_brief: Leaves `results` empty: they may be large, and a list shows none.
        """
        query = sa.select(*(BRIEF if is_brief else tuple(JOBS.c))).order_by(
            JOBS.c.created_s.desc(), JOBS.c.job_id.desc()
        )
        if projects is not None:
            query = query.where(JOBS.c.project.in_(projects))
        if owner:
            query = query.where(JOBS.c.owner == owner)
        if states:
            query = query.where(JOBS.c.state.in_(states))
        if entries:
            query = query.where(JOBS.c.entry.in_(entries))
        if before is not None:
            query = query.where(
                sa.tuple_(JOBS.c.created_s, JOBS.c.job_id) < sa.tuple_(before.created_s, before.row_id)
            )
        with self._database.begin(is_read_only=True) as connection:
            return [read_row(row) for row in connection.execute(query.limit(min(most, MOST_LISTED)))]

    def ask_to_cancel(self, job_id: str, by: str) -> Job | None:
        """Cancel a pending job at once, note on a running one that it is to end; None if there is none."""
        this = JOBS.c.job_id == job_id
        why = f"cancelled by {by} before it was started"
        with self._database.begin() as connection:
            pending = sa.update(JOBS).where(this & (JOBS.c.state == "pending"))
            connection.execute(
                pending.values(
                    state="cancelled", ended_s=self._now(), why=why, code="cancelled", cancel_by=by
                )
            )
            running = sa.update(JOBS).where(this & (JOBS.c.state == "running"))
            connection.execute(running.values(cancel_by=by))
        return self.get(job_id)


def read_row(row: sa.Row[Any]) -> Job:
    """A job from its row."""
    kept = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    wanted = json.loads(kept["wanted"])
    wanted["limits"] = Limits(**wanted["limits"])
    same = {name: kept[name] for name in Job.__dataclass_fields__ if name not in ("wanted", "usage", *_JSON)}
    return Job(
        wanted=Wanted(**wanted),
        usage=Usage(**{name: kept[name] for name in _USAGE}),
        **{name: json.loads(kept[name]) for name in _JSON},
        **same,
    )


def _open_of(owner: str) -> sa.ColumnElement[bool]:
    return JOBS.c.state.in_(OPEN) & (JOBS.c.owner == owner)


def _row(job: Job) -> dict[str, Any]:
    values = asdict(job)
    wanted, usage = values.pop("wanted"), values.pop("usage")
    told = {name: json.dumps(values.pop(name), ensure_ascii=False) for name in _JSON}
    names = {name: wanted[name] for name in ("entry", "owner", "project", "is_urgent")}
    rest = {"wanted": json.dumps(wanted, ensure_ascii=False)}
    return {**values, **told, **names, **usage, **rest}
