"""The log of a job that is over, removed on request; the job's record stays, for lineage and costs."""

import shutil

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.people.needs import need_project
from penstock.people.person import Level, Person
from penstock.problems import Conflict
from penstock.services import jobs
from penstock.services.told import as_problems


def remove(desk: Desk, person: Person, job_id: str) -> Job:
    """Remove what a job has left on the disk of its worker.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: They may see it, but not change its project.
        Conflict: It is not over.
    """
    with as_problems():
        job = jobs.get(desk, person, job_id)
        need_project(desk, person, job.wanted.project, Level.EDIT)
        if not job.is_over:
            raise Conflict(f"job {job_id} is {job.state}; cancel it first", code="job_not_over")
        desk.trail.record(person, Event("job.remove_log", f"job {job_id}", job.wanted.project))
        shutil.rmtree(desk.settings.jobs_dir / job.job_id, ignore_errors=True)
        return job
