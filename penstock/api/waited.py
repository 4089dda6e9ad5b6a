"""Answers that wait for their job: its outcome if it is over in time, else where to ask for it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from penstock.api.ending import Ending
from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.problems import Away
from penstock.services import jobs


def wants_no_wait(request: Request) -> bool:
    """Whether the caller would rather ask later (RFC 7240's `Prefer: respond-async`)."""
    wishes = ",".join(request.headers.getlist("prefer")).lower().split(",")
    return any(wish.strip().partition(";")[0] == "respond-async" for wish in wishes)


async def waited(desk: Desk, request: Request, job: Job) -> Job:
    """The job when it is over; as it is when the time to wait is, or the process is about to end."""
    if wants_no_wait(request):
        return job
    ending: Ending = request.app.state.ending
    work = asyncio.create_task(jobs.wait(desk, job.job_id, desk.settings.api_wait_s))
    end = asyncio.create_task(ending.wait_for(desk.settings.api_wait_s))
    try:
        await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else job
    except Away:
        # The job is there: whoever is told that nothing came of the request starts another.
        return job
    finally:
        work.cancel()
        end.cancel()


def accepted(job: Job, told: Mapping[str, Any]) -> Response:
    """202: the work goes on, and `GET /api/ml/jobs/{job_id}` tells of it."""
    path = f"/api/ml/jobs/{job.job_id}"
    message = f"the work goes on as a job; ask GET {path} for its state and its outcome"
    body = {"status": "pending", "job_id": job.job_id, "message": message, **told}
    return JSONResponse(body, 202, headers={"Location": path})
