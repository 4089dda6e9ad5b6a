"""Jobs in the words of the API."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from penstock.api.dataset_shapes import as_time
from penstock.jobs.job import Job
from penstock.services.outcomes import why

EXAMPLE: dict[str, Any] = {
    "job_id": "0198a7b2-5a1e-4c55-9d5e-3f6a7c1b2d3e", "entry": "clean", "status": "running",
    "project": "anna/default", "owner": "anna", "created_at": "2026-05-04T10:00:00+00:00",
    "started_at": "2026-05-04T10:00:01+00:00", "completed_at": None, "attempts": 1, "run_id": "7a1b",
    "progress": {"step": "reading", "share": 0.2}, "asked": {"dataset_id": "0198a7b2"}, "error": None,
    "usage": {"core_s": 1.2, "peak_bytes": 210000000, "disk_bytes": 0, "wall_s": 1.4}, "results": {},
}  # fmt: skip


class JobSummary(BaseModel):
    """A job in a list."""

    job_id: str
    entry: str = Field(description="What it does: an entry point of the MLproject.")
    status: str = Field(description="`pending`, `running`, `completed`, `failed` or `cancelled`")
    project: str
    owner: str
    created_at: str
    started_at: str | None
    completed_at: str | None
    attempts: int
    run_id: str = Field(description="Its MLflow run; empty before there is one.")
    progress: dict[str, Any]
    asked: dict[str, Any]
    error: dict[str, str] | None = Field(description="Why it failed or was cancelled: `code`, `message`.")
    usage: dict[str, float]


class JobShown(JobSummary):
    """A job with what came of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    results: dict[str, Any]


class LogShown(BaseModel):
    """A piece of a job's log."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "7,043 rows\n", "next_offset": 11, "is_over": True}]}
    )
    text: str
    next_offset: int = Field(description="Where the next piece begins.")
    is_over: bool = Field(description="Whether this is all that there will be.")


def brief(job: Job) -> dict[str, Any]:
    """A job in a list."""
    has_failed = job.is_over and job.state != "completed"
    return {
        "job_id": job.job_id,
        "entry": job.wanted.entry,
        "status": job.state,
        "project": job.wanted.project,
        "owner": job.wanted.owner,
        "created_at": as_time(job.created_s),
        "started_at": as_time(job.started_s) if job.started_s else None,
        "completed_at": as_time(job.ended_s) if job.ended_s else None,
        "attempts": job.attempts,
        "run_id": job.run_id,
        "progress": dict(job.progress),
        "asked": dict(job.wanted.asked),
        "error": {"code": job.code, "message": why(job)} if has_failed else None,
        "usage": {
            "core_s": job.usage.core_s,
            "peak_bytes": job.usage.peak_bytes,
            "disk_bytes": job.usage.disk_bytes,
            "wall_s": job.usage.wall_s,
        },
    }


def shown(job: Job) -> dict[str, Any]:
    """A job with what came of it."""
    return brief(job) | {"results": dict(job.results)}
