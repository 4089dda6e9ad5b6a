"""`/api/ml/models/{model_id}/export`: a version as code that stands alone."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response, StreamingResponse

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.described import Responses, responses
from penstock.api.waited import accepted
from penstock.services import exporting

router = APIRouter(prefix="/api/ml", tags=["models"])
ZIP = "application/zip"
FILE: Responses = {
    200: {
        "description": "The archive.",
        "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/models/{model_id}/export", summary="Export a version as code", status_code=202,
             response_class=Response, responses=responses(404, 409, accepted=True))  # fmt: skip
def start(
    model_id: Annotated[str, Path(max_length=64, description="A version's id.")],
    desk: DeskOf,
    person: PersonOf,
    project: Annotated[str, Query(max_length=400, description="By default where it was made.")] = "",
) -> Response:
    """Write the version as Python that needs no Penstock, and hold its answers against the version's.

    When the job is completed, `GET /api/ml/jobs/{job_id}/export` answers the archive.
    """
    job = exporting.start(desk, person, model_id, project=project)
    return accepted(job, {"model_id": model_id})


@router.get("/jobs/{job_id}/export", summary="The exported code", response_class=StreamingResponse,
            responses=FILE | responses(404, 409))  # fmt: skip
def archive(job_id: Annotated[str, Path(max_length=64)], desk: DeskOf, person: PersonOf) -> StreamingResponse:
    """What an export's job has made, as one zip."""
    return as_download(exporting.archive(desk, person, job_id))


def as_download(found: exporting.Archive) -> StreamingResponse:
    """An archive as an answer, for browsers to keep."""
    headers = {
        "Content-Disposition": f'attachment; filename="{found.name}"',
        "Content-Length": str(found.size_bytes),
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(found.pieces(), media_type=ZIP, headers=headers)
