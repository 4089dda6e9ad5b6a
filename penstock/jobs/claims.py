"""The next job for a free worker: picked by fair shares and claimed in one transaction, so never twice."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from penstock.jobs import shares
from penstock.jobs.job import Job
from penstock.jobs.limits import AT_ONCE, of_project, on_machine
from penstock.jobs.machine import Machine, Place, free_gpus, placed
from penstock.jobs.store import JOBS, read_row
from penstock.records.project import PROJECTS
from serving.lifecycle.database import Database
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class Running:
    """A job that runs somewhere, as far as the next pick needs to know of it."""

    owner: str
    project: str
    started_s: float
    host: str
    place: Place


class Claims:
    """Claims jobs for one machine's workers; usable from several threads.

    Beside `jobs_at_once` workers there is one for jobs that somebody waits for, so that a table is cleaned
    while trainings run for hours.

    Args:
        database: Where the jobs are.
        settings: How many at once, and what each may take.
        machine: This machine.
        host: Its name.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        machine: Machine,
        host: str,
        now: Callable[[], float],
    ) -> None:
        self._database, self._settings, self._machine = database, settings, machine
        self._host, self._now = host, now

    def claim(self, worker: str) -> tuple[Job, Place] | None:
        """Claim the next job for a worker; None where none waits that may run here now.

        Raises:
            LifecycleError: The database refuses; nothing is claimed.
        """
        with self._database.begin() as connection:
            floor_s = shares.lock(connection)
            running = _running(connection)
            here = [each for each in running if each.host == self._host]
            room = self._settings.jobs_at_once - len(here)
            if room < 0:
                return None
            return self._pick(connection, worker, floor_s, running, here, only_urgent=room == 0)

    def has_urgent(self) -> bool:
        """Whether a job waits that somebody waits for.

        Raises:
            LifecycleError: The database refuses.
        """
        with self._database.begin(is_read_only=True) as connection:
            return bool(_waiting(connection, self._now(), only_urgent=True))

    def _pick(
        self,
        connection: sa.Connection,
        worker: str,
        floor_s: float,
        running: list[Running],
        here: list[Running],
        *,
        only_urgent: bool,
    ) -> tuple[Job, Place] | None:
        now_s = self._now()
        waiting = _waiting(connection, now_s, only_urgent=only_urgent)
        if not waiting:
            return None
        live = _live(waiting, shares.accounts(connection), running, floor_s, now_s)
        shares.keep(connection, shares.FLOOR, shares.risen(floor_s, live))
        taken = [each.place for each in here]
        gpus, full = len(free_gpus(self._machine, taken)), _full(connection, running)
        for owner in shares.order(waiting, live):
            while row := _first(connection, owner, now_s, gpus=gpus, full=full, only_urgent=only_urgent):
                if claimed := self._take(connection, row, worker, taken, now_s):
                    return claimed
        return None

    def _take(
        self,
        connection: sa.Connection,
        row: sa.Row[Any],
        worker: str,
        taken: Collection[Place],
        now_s: float,
    ) -> tuple[Job, Place] | None:
        """Take a pending job; None where it was cancelled since it was read."""
        limits = on_machine(read_row(row).wanted.limits, self._settings, self._machine)
        place = placed(
            self._machine, taken, cores=limits.cores, gpus=max(limits.gpus, self._settings.job_gpus)
        )
        values = {
            "state": "running",
            "worker": worker,
            "host": self._host,
            "place": json.dumps(asdict(place)),
            "started_s": now_s,
            "beat_s": now_s,
            "attempts": row.attempts + 1,
            "pid": 0,
            "born_s": 0.0,
            "why": "",
            "code": "",
            "progress": "{}",
        }
        mine = JOBS.c.job_id == row.job_id
        pending = sa.update(JOBS).where(mine & (JOBS.c.state == "pending"))
        if not connection.execute(pending.values(**values)).rowcount:
            return None
        return read_row(connection.execute(sa.select(JOBS).where(mine)).one()), place


def read_place(told: str) -> Place:
    """A place from its JSON."""
    found = json.loads(told or "{}")
    return Place(tuple(found.get("cores", ())), tuple(found.get("gpus", ())))


def _running(connection: sa.Connection) -> list[Running]:
    columns = (JOBS.c.owner, JOBS.c.project, JOBS.c.started_s, JOBS.c.host, JOBS.c.place)
    rows = connection.execute(sa.select(*columns).where(JOBS.c.state == "running"))
    return [Running(row.owner, row.project, row.started_s, row.host, read_place(row.place)) for row in rows]


def _waiting(connection: sa.Connection, now_s: float, *, only_urgent: bool) -> dict[str, float]:
    """When each user's oldest job came that may be started now."""
    oldest = sa.func.min(JOBS.c.created_s).label("oldest_s")
    query = sa.select(JOBS.c.owner, oldest).where(JOBS.c.state == "pending", JOBS.c.due_s <= now_s)
    if only_urgent:
        query = query.where(JOBS.c.is_urgent == sa.true())
    rows = connection.execute(query.group_by(JOBS.c.owner))
    return {row.owner: float(row.oldest_s) for row in rows}


def _live(
    waiting: Collection[str],
    accounts: Mapping[str, float],
    running: Collection[Running],
    floor_s: float,
    now_s: float,
) -> dict[str, float]:
    """The accounts of all who wait or run, with the time of what runs."""
    live = {owner: accounts.get(owner, floor_s) for owner in {*waiting, *(each.owner for each in running)}}
    for each in running:
        live[each.owner] += max(0.0, now_s - each.started_s)
    return live


def _full(connection: sa.Connection, running: Collection[Running]) -> list[str]:
    """The projects that have as many jobs running as they may."""
    counts = Counter(each.project for each in running)
    query = sa.select(PROJECTS.c.owner, PROJECTS.c.name, PROJECTS.c.limits).where(PROJECTS.c.limits != "{}")
    bounds = {f"{row.owner}/{row.name}": of_project(row.limits) for row in connection.execute(query)}
    return [path for path, bound in bounds.items() if AT_ONCE in bound and counts[path] >= bound[AT_ONCE]]


def _first(
    connection: sa.Connection,
    owner: str,
    now_s: float,
    *,
    gpus: int,
    full: Collection[str],
    only_urgent: bool,
) -> sa.Row[Any] | None:
    """A user's next job: urgent ones first, then by their age."""
    for urgent in _ranks(only_urgent=only_urgent):
        query = sa.select(JOBS).where(
            JOBS.c.state == "pending",
            JOBS.c.owner == owner,
            JOBS.c.is_urgent == urgent,
            JOBS.c.due_s <= now_s,
            JOBS.c.gpus <= gpus,
        )
        if full:
            query = query.where(JOBS.c.project.not_in(full))
        row = connection.execute(query.order_by(JOBS.c.created_s, JOBS.c.job_id).limit(1)).first()
        if row is not None:
            return row
    return None


def _ranks(*, only_urgent: bool) -> Iterator[sa.ColumnElement[bool]]:
    yield sa.true()
    if not only_urgent:
        yield sa.false()
