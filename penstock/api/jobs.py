"""`/api/ml/jobs`: how far they are, what they said, and their end."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.described import Responses, responses
from penstock.api.job_events import events
from penstock.api.job_shapes import JobShown, JobSummary, LogShown, brief, shown
from penstock.api.paging import PageOf
from penstock.jobs.job import State
from penstock.people.person import Level
from penstock.records.cursor import Cursor
from penstock.services import job_logs, jobs, projects

router = APIRouter(prefix="/api/ml/jobs", tags=["jobs"])
STREAM: Responses = {
    200: {
        "description": "Events `progress`, `log`, `metric` and `end`.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: progress\ndata: {"status": "running", "progress": {}}\n\n',
            }
        },
    }
}


@router.get("", summary="List jobs", response_model=list[JobSummary], responses=responses(404))
def listed(
    *,
    desk: DeskOf,
    person: PersonOf,
    page: PageOf,
    state: Annotated[list[State] | None, Query(description="May be given several times.")] = None,
    entry: Annotated[list[str] | None, Query(description="Of these entry points, such as `train`.")] = None,
    project: Annotated[str, Query(max_length=400)] = "",
    owner: Annotated[str, Query(max_length=255)] = "",
) -> list[dict[str, Any]]:
    """Jobs of all projects that you may see, newest first."""
    place = page.after(float, str)
    before = Cursor(*place) if place else None  # type: ignore[arg-type]
    path = projects.resolve(desk, person, project, Level.READ).path if project else ""
    found = jobs.listed(
        desk, person, project=path, owner=owner, states=state or (), entries=entry or (), before=before,
        most=page.asked,
    )  # fmt: skip
    return [brief(job) for job in page.shown(found, lambda job: (job.created_s, job.job_id))]


@router.get("/{job_id}", summary="A job", response_model=JobShown, responses=responses(404))
def get(desk: DeskOf, person: PersonOf, job_id: str) -> JSONResponse:
    """Poll it until its `status` is none of `pending` and `running`."""
    return JSONResponse(shown(jobs.get(desk, person, job_id)))


@router.get("/{job_id}/log", summary="A job's log", response_model=LogShown, responses=responses(404))
def log(
    desk: DeskOf, person: PersonOf, job_id: str, offset: Annotated[int, Query(ge=0, le=2**53)] = 0
) -> LogShown:
    """A piece of what its processes printed; ask again from `next_offset` until `is_over`."""
    part = jobs.log(desk, person, job_id, offset=offset)
    return LogShown(text=part.text, next_offset=part.next_offset, is_over=part.is_over)


@router.get("/{job_id}/events", summary="A job's events", response_class=StreamingResponse,
            responses=STREAM | responses(404))  # fmt: skip
async def stream(request: Request, desk: DeskOf, person: PersonOf, job_id: str) -> StreamingResponse:
    """Server-sent events until the job is over; `Last-Event-ID` goes on from where you were."""
    job = await run_in_threadpool(jobs.get, desk, person, job_id)
    request.app.state.streams.check(person.caller)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        events(request, desk, person, job), media_type="text/event-stream", headers=headers
    )


@router.post("/{job_id}/cancel", summary="Cancel a job", response_model=JobShown,
             responses=responses(404, 409))  # fmt: skip
def cancel(desk: DeskOf, person: PersonOf, job_id: str) -> JSONResponse:
    """At once where it waits; where it runs, all its processes are ended within seconds."""
    return JSONResponse(shown(jobs.cancel(desk, person, job_id)))


@router.delete("/{job_id}", summary="Remove a job's log", status_code=204, response_class=Response,
               responses=responses(404, 409, 412))  # fmt: skip
def remove(desk: DeskOf, person: PersonOf, job_id: str) -> Response:
    """Of a job that is over; its record stays, for lineage and costs."""
    job_logs.remove(desk, person, job_id)
    return Response(status_code=204)
