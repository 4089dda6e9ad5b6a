"""A deployment that broke off behind its version is finished by the same deployment asked for again.

The version tells whose it is, and the audit trail whether its deployment ever came to its end: where the
registry goes away in the middle, a version is there that no route leads to, in no stage.
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa

from penstock.audit.trail import ENTRIES
from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.services.versions import JOB, Held
from serving.lifecycle.stages import ARCHIVED
from serving.lifecycle.timeline import CLOCKS_DIFFER

ACTION = "model.deploy"


def is_broken_off(desk: Desk, found: Held, job: Job, logged_id: str) -> bool:
    """Whether a version is this training's, from its own model, and was never deployed to the end.

    Args:
        desk: The desk.
        found: The version, as it is now.
        job: The training.
        logged_id: The logged model that the training left.

    Raises:
        LifecycleError: The database cannot be read.
    """
    is_own = found.tags.get(JOB) == job.job_id and found.run_id == job.run_id
    if not is_own or found.source != f"models:/{logged_id}" or found.stage == ARCHIVED:
        return False
    return not _was_done(desk, found, job)


def _was_done(desk: Desk, found: Held, job: Job) -> bool:
    # What is older than the version is of a deleted one whose number it was given.
    since = datetime.fromtimestamp(found.created_ms / 1000, UTC) - CLOCKS_DIFFER
    done = sa.select(ENTRIES.c.details).where(
        ENTRIES.c.action == ACTION,
        ENTRIES.c.outcome == "done",
        ENTRIES.c.subject == f"model {found.name}",
        ENTRIES.c.time >= since.isoformat(timespec="microseconds"),
    )
    with desk.database.begin(is_read_only=True) as connection:
        told = [json.loads(text) for text in connection.scalars(done)]
    return any((each["job_id"], each.get("number")) == (job.job_id, found.number) for each in told)
