"""What Penstock's own tables tell of its success: who works with it, and how fast work becomes use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

import sqlalchemy as sa

from penstock.audit.trail import ENTRIES
from penstock.jobs.job import STATES
from penstock.jobs.store import JOBS
from penstock.people.person import PENSTOCK
from penstock.records.dataset import DATASETS
from penstock.records.project import IS_MADE
from penstock.services.versions import JOB, Held
from serving.lifecycle.database import METADATA, Database
from serving.lifecycle.stages import PRODUCTION

DAY_S = 86_400.0
MOST_ENTRIES = 500_000
"""The newest audit entries that active users are looked for among."""
KEY = " (key "


@dataclass(frozen=True, slots=True)
class Counts:
    """What there is.

    Attributes:
        projects: Projects.
        datasets: Data sets that were not removed.
        jobs: Jobs by state; every state is there.
    """

    projects: int
    datasets: int
    jobs: Mapping[str, int]


def counts(database: Database) -> Counts:
    """Count projects, data sets and jobs.

    Raises:
        LifecycleError: The database refuses.
    """
    by_state = sa.select(JOBS.c.state, sa.func.count()).group_by(JOBS.c.state)
    there = sa.select(sa.func.count()).where(DATASETS.c.removed_s == 0)
    with database.begin(is_read_only=True) as connection:
        projects = connection.execute(sa.select(sa.func.count()).where(IS_MADE)).scalar_one()
        datasets = connection.execute(there).scalar_one()
        jobs = {str(state): int(count) for state, count in connection.execute(by_state)}
    return Counts(int(projects), int(datasets), dict.fromkeys(STATES, 0) | jobs)


def active_users(database: Database, now_s: float, spans_s: Iterable[float]) -> list[int]:
    """How many people did anything within each span before now; a key stands for its owner.

    Raises:
        LifecycleError: The database refuses.
    """
    spans = list(spans_s)
    last_seen: dict[str, float] = {}
    oldest_s = now_s - max(spans)
    newest_first = sa.select(ENTRIES.c.actor, ENTRIES.c.time).order_by(ENTRIES.c.sequence.desc())
    with database.begin(is_read_only=True) as connection:
        for actor, time in connection.execute(newest_first.limit(MOST_ENTRIES)):
            time_s = datetime.fromisoformat(time).timestamp()
            if time_s < oldest_s:
                break
            last_seen.setdefault(str(actor).partition(KEY)[0], time_s)
    last_seen.pop(PENSTOCK.name, None)
    return [sum(time_s >= now_s - span for time_s in last_seen.values()) for span in spans]


def requirement_to_production_s(database: Database, versions: Iterable[Held]) -> float | None:
    """The median time from a model's first job to its first version in Production, in seconds.

    Args:
        database: Penstock's.
        versions: The registry's; those made by jobs name them.

    Returns:
        None where no model of a job has been in Production.

    Raises:
        LifecycleError: The database refuses.
    """
    made_by = {held.tags[JOB]: held.name for held in versions if held.tags.get(JOB)}
    begun: dict[str, float] = {}
    with database.begin(is_read_only=True) as connection:
        for job_id, created_s in connection.execute(sa.select(JOBS.c.job_id, JOBS.c.created_s)):
            if (name := made_by.get(job_id)) is not None:
                begun[name] = min(created_s, begun.get(name, created_s))
        first = _first_in_production(connection)
    spent = [first[name] - since for name, since in begun.items() if name in first]
    return median(spent) if spent else None


def _first_in_production(connection: sa.Connection) -> dict[str, float]:
    journal = METADATA.tables["penstock_journal"]
    query = sa.select(journal.c.model, sa.func.min(journal.c.time)).where(journal.c.to_stage == PRODUCTION)
    rows = connection.execute(query.group_by(journal.c.model))
    return {model: datetime.fromisoformat(time).astimezone(UTC).timestamp() for model, time in rows}
