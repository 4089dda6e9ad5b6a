"""How much is in a project."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from penstock.desk import Desk
from penstock.jobs.job import STATES
from penstock.jobs.store import JOBS
from penstock.records.dataset import DATASETS
from penstock.records.project import Project
from penstock.services.told import as_problems


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a project.

    Attributes:
        datasets: Data sets that were not removed.
        jobs: Jobs by state; every state is there.
    """

    datasets: int
    jobs: Mapping[str, int]


def count(desk: Desk, project: Project) -> Figures:
    """Count what is in a project; whoever asks has been allowed to see it."""
    mine = (DATASETS.c.project == project.path) & (DATASETS.c.removed_s == 0)
    by_state = sa.select(JOBS.c.state, sa.func.count()).where(JOBS.c.project == project.path)
    with as_problems(), desk.database.begin(is_read_only=True) as connection:
        datasets = connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one()
        jobs = {str(state): int(n) for state, n in connection.execute(by_state.group_by(JOBS.c.state))}
    return Figures(int(datasets), dict.fromkeys(STATES, 0) | jobs)
