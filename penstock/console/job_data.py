"""Which data sets jobs are about, by name."""

from collections.abc import Iterable, Mapping

from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.records.dataset import DATASETS


def data_of(desk: Desk, jobs: Iterable[Job]) -> Mapping[str, str]:
    """The names of the data sets that jobs read, by the jobs' ids; the caller has seen to the jobs' rights.

    A job and the data that it reads are of one project.
    """
    read = {job.job_id: (job.wanted.project, str(job.wanted.asked.get("dataset_id") or "")) for job in jobs}
    wanted = {dataset_id for _, dataset_id in read.values() if dataset_id}
    if not wanted:
        return {}
    names = {
        (each.project, each.dataset_id): each.name
        for each in desk.datasets.found(DATASETS.c.dataset_id.in_(wanted))
    }
    return {job_id: names[place] for job_id, place in read.items() if place in names}
