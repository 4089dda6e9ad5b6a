"""Jobs for those who may: asked for, looked at, waited for, cancelled, and what they cost."""

import asyncio
import time
import uuid
from collections.abc import Collection
from dataclasses import replace

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs import limits, machine, said
from penstock.jobs.costs import Report, report
from penstock.jobs.job import Job, Limits, State, Wanted
from penstock.jobs.said import LogPart
from penstock.people.job_accounts import AT_THE_MACHINE
from penstock.people.needs import need_project
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, Conflict, NotAllowed, NotFound, TooMany
from penstock.records.cursor import Cursor
from penstock.records.project import Project
from penstock.services import projects
from penstock.services.told import as_problems

FIRST_LOOK_S, LONGEST_LOOK_S = 0.05, 0.5
"""How often a job that is waited for is looked at: at once often, then less."""
LATER_S = 30.0
MOST_LOG_CHARACTERS = 64 * 1024


def submit(desk: Desk, person: Person, wanted: Wanted, *, job_id: str = "") -> Job:
    """Ask for a job.

    Args:
        desk: The desk.
        person: Who asks.
        wanted: What it is to do.
        job_id: Its id, a UUID, where a record names it already; by default a new one.

    Raises:
        NotFound: There is no such project, or the person may not know of it.
        NotAllowed: They may not change it, or ask in another's name.
        BadRequest: It is to take more than it may.
        TooMany: As many jobs of theirs as may wait are waiting.
    """
    with as_problems():
        project = need_project(desk, person, wanted.project, Level.EDIT)
        if wanted.owner != person.name and not person.is_admin:
            raise NotAllowed(
                f"a job of yours is {person.name}'s, not {wanted.owner}'s; ask as {wanted.owner}"
            )
        allowed = replace(wanted, limits=_limits(desk, project, wanted))
        if person.is_admin and person.key is None and not person.address and desk.settings.auth != "off":
            allowed = replace(allowed, asked={**wanted.asked, AT_THE_MACHINE: True})
        _check_queue(desk, wanted.owner)
        job_id = job_id or str(uuid.uuid4())
        details = {"entry": wanted.entry, "owner": wanted.owner}
        desk.trail.record(person, Event("job.submit", f"job {job_id}", wanted.project, details=details))
        job = desk.jobs.add(allowed, job_id=job_id)
        desk.tokens.tell()
        return job


def get(desk: Desk, person: Person, job_id: str) -> Job:
    """A job.

    Raises:
        NotFound: There is none, or the person may not know of it.
    """
    with as_problems():
        return _needed(desk, person, job_id, Level.READ)


def listed(
    desk: Desk,
    person: Person,
    *,
    project: str = "",
    owner: str = "",
    states: Collection[State] = (),
    entries: Collection[str] = (),
    before: Cursor | None = None,
    most: int = 50,
) -> list[Job]:
    """Jobs that the person may see, newest first, without their results.

    Raises:
        NotFound: There is no such project, or the person may not know of it.
    """
    with as_problems():
        if project:
            need_project(desk, person, project, Level.READ)
        mine = [project] if project else projects.visible(desk, person)
        return desk.jobs.listed(
            projects=mine,
            owner=owner,
            states=states,
            entries=entries,
            before=before,
            most=most,
            is_brief=True,
        )


def cancel(desk: Desk, person: Person, job_id: str) -> Job:
    """Cancel a job: at once where it waits; where it runs, its worker ends it within a few seconds.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: They may see it, but not change its project.
        Conflict: It is over.
    """
    with as_problems():
        job = _needed(desk, person, job_id, Level.EDIT)
        if job.is_over:
            raise Conflict(
                f"job {job_id} is {job.state} already; only a job that waits or runs can be cancelled",
                code="job_over",
            )
        event = Event("job.cancel", f"job {job_id}", job.wanted.project, details={"state": job.state})
        desk.trail.record(person, event)
        return desk.jobs.ask_to_cancel(job_id, person.actor) or job


def log(
    desk: Desk, person: Person, job_id: str, *, offset: int = 0, most: int = MOST_LOG_CHARACTERS
) -> LogPart:
    """A piece of what a job's processes printed.

    Args:
        desk: The desk.
        person: Who asks.
        job_id: The job.
        offset: The `next_offset` of the piece before; 0 for the beginning.
        most: At most so many bytes of it.

    Raises:
        NotFound: There is no such job, or the person may not know of it.
    """
    if offset < 0 or most < 1:
        raise BadRequest(f"offset must be 0 or more and most 1 or more, not {offset} and {most}")
    with as_problems():
        job = _needed(desk, person, job_id, Level.READ)
        part = said.read(desk.settings.jobs_dir / job_id, offset, min(most, MOST_LOG_CHARACTERS))
        if not offset and part.text:  # who waits for the first line has read nothing yet
            desk.trail.record(person, Event("job.log", f"job {job_id}", job.wanted.project))
        return replace(part, is_over=job.is_over and part.is_over)


async def wait(desk: Desk, job_id: str, limit_s: float) -> Job:
    """Wait until a job is over, or the time is; give it as it is then.

    Whoever asks has been given the job: rights are not checked here.

    Raises:
        NotFound: There is no such job.
    """
    deadline, pause_s = time.monotonic() + limit_s, FIRST_LOOK_S
    while True:
        job = await asyncio.to_thread(_found, desk, job_id)
        left_s = deadline - time.monotonic()
        if job.is_over or left_s <= 0:
            return job
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, LONGEST_LOOK_S)


def usage(
    desk: Desk,
    person: Person,
    *,
    project: str = "",
    since_s: float = 0.0,
    until_s: float = 0.0,
) -> Report:
    """What jobs and data sets took, and what that costs: of a project, or of all that the person may see.

    Args:
        desk: The desk.
        person: Who asks.
        project: `owner/name`; empty for all.
        since_s: From the (UTC) day of this moment; by default 30 days back.
        until_s: To the day of this moment, with it; by default today.

    Raises:
        NotFound: There is no such project, or the person may not know of it.
        BadRequest: The end lies before the beginning.
    """
    with as_problems():
        if project:
            need_project(desk, person, project, Level.READ)
        mine = [project] if project else projects.visible(desk, person)
        now_s = desk.now_s()
        since_s, until_s = since_s or now_s - 30 * 86_400.0, until_s or now_s
        if until_s < since_s:
            raise BadRequest("the report's end lies before its beginning; swap them")
        return report(desk.database, desk.settings, mine, since_s=since_s, until_s=until_s, now_s=now_s)


def _needed(desk: Desk, person: Person, job_id: str, level: Level) -> Job:
    job = _found(desk, job_id)
    try:
        need_project(desk, person, job.wanted.project, level)
    except NotFound:
        raise _unknown(job_id) from None
    return job


def _found(desk: Desk, job_id: str) -> Job:
    with as_problems():
        job = desk.jobs.get(job_id)
    if job is None:
        raise _unknown(job_id)
    return job


def _unknown(job_id: str) -> NotFound:
    return NotFound(f"there is no job '{job_id:.64}'; `GET /api/ml/jobs` lists yours")


def _limits(desk: Desk, project: Project, wanted: Wanted) -> Limits:
    here = machine.here()
    found = limits.allowed(wanted.limits, limits.of_project(project.limits), desk.settings, here)
    if found.gpus > len(here.gpus) and not desk.settings.jobs_redis_url:
        raise BadRequest(
            f"the job asks for {found.gpus} GPUs, and this machine has {len(here.gpus)}; ask for none"
        )
    return found


def _check_queue(desk: Desk, owner: str) -> None:
    waiting, most = desk.jobs.pending(owner), desk.settings.jobs_queued_per_user
    if waiting >= most:
        raise TooMany(
            f"{waiting:,} of your jobs wait already, and {most:,} may; wait for some, or cancel some",
            code="queue_full",
            retry_s=LATER_S,
        )
