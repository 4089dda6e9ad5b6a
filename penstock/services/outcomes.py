"""What came of a job that somebody waited for: its outcome, or the problem that it ended with."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from penstock.jobs.job import Job
from penstock.problems import BadRequest, Conflict

BAD_INPUT = "bad_input"
PROFILE = ("column_names", "dtypes", "missing_values", "numeric_stats")
"""What outcomes tell of the rows that a step has written."""


def outcome(job: Job) -> Mapping[str, Any]:
    """The outcome of a job that is over.

    Raises:
        BadRequest: It could not use what it was given.
        Conflict: It was cancelled, reached one of its limits, failed, or what it needed was away: a job is
            over then, and 503 would have its request sent again as it is, for another job.
    """
    if job.state == "completed":
        return job.results
    kind = BadRequest if job.code == BAD_INPUT else Conflict
    raise kind(why(job), code=job.code or "failed", details={"job_id": job.job_id})


def why(job: Job) -> str:
    """Why a job did not end well; files bear the names that their senders gave, not our folders'."""
    told = job.why or f"the job {job.job_id} failed; its log says more"
    for given in job.wanted.parameters.values():
        if given.startswith("/"):
            told = told.replace(given, PurePosixPath(given).name)
    return told


def profile(job: Job) -> dict[str, Any]:
    """What a job's outcome tells of its rows."""
    return {name: job.results[name] for name in PROFILE if name in job.results}
