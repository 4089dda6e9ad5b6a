"""What depends on a data set: what was made of it, who reads it now, which versions learned from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.lineage.touched import Learner, jobs_of, learners, made_of
from penstock.records.dataset import Dataset
from serving.lifecycle.stages import PRODUCTION, STAGING

STAGES = (STAGING, PRODUCTION)


@dataclass(frozen=True, slots=True)
class Dependents:
    """What depends on some data sets.

    Attributes:
        children: The data sets that were made of them and are still there.
        jobs: The jobs that read them, those that are over too.
        learned: The versions that learned from them or from what was made of them.
    """

    children: tuple[Dataset, ...]
    jobs: tuple[Job, ...]
    learned: tuple[Learner, ...]

    @property
    def reading(self) -> tuple[Job, ...]:
        """The jobs that are not over."""
        return tuple(job for job in self.jobs if not job.is_over)

    @property
    def staged(self) -> tuple[Learner, ...]:
        """The versions in Staging or Production."""
        return tuple(each for each in self.learned if each.version.stage in STAGES)

    @property
    def in_production(self) -> tuple[Learner, ...]:
        """The versions in Production."""
        return tuple(each for each in self.learned if each.version.stage == PRODUCTION)


def dependents(desk: Desk, datasets: Sequence[Dataset]) -> Dependents:
    """What depends on some data sets, whoever may see it.

    Raises:
        LifecycleError: The database or MLflow does not answer.
    """
    below = made_of(desk, datasets)
    every = [*datasets, *below]
    jobs = jobs_of(desk, every)
    making = [desk.jobs.get(each.job_id) for each in datasets if each.job_id]
    # The job that makes a data set's own rows reads its file.
    reading = [job for job in making if job is not None and not job.is_over]
    children = tuple(each for each in below if not each.removed_s)
    return Dependents(children, (*reading, *jobs), tuple(learners(desk, every, jobs)))
