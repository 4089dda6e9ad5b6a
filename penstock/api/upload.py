"""`POST /api/ml/datasets/upload`: a file, straight from the request to the disk."""

from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from penstock.api import once as idempotency
from penstock.api.asked import DeskOf, PersonOf
from penstock.api.dataset_shapes import Uploaded, shown
from penstock.api.described import responses
from penstock.api.form import read_form
from penstock.api.uploads import uploads_of
from penstock.api.waited import accepted, waited
from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.people.person import Person
from penstock.problems import BadRequest
from penstock.records.answers import Answer
from penstock.records.dataset import Dataset
from penstock.services import datasets
from penstock.services.datasets import Told
from penstock.services.incoming import Incoming, check_room
from penstock.services.outcomes import outcome

router = APIRouter(prefix="/api/ml/datasets", tags=["data sets"])
UPLOAD = "/api/ml/datasets/upload"
FIELDS = {
    "name": "What the data set shall be called; by default as the file.",
    "target_column": "What is to be predicted.",
    "project": "`name` of a project of yours, or `owner/name`; by default your `default`.",
}
UPLOAD_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "CSV, Excel, Parquet, ..."},
                    **{
                        name: {"type": "string", "maxLength": 200, "description": text}
                        for name, text in FIELDS.items()
                    },
                },
            },
            "example": {"file": "telco.csv", "name": "telco", "target_column": "Churn"},
        }
    },
}


@router.post(
    "/upload",
    summary="Upload a file",
    response_model=Uploaded,
    responses=responses(400, 404, 409, 413, 415, 507, accepted=True),
    openapi_extra={"requestBody": UPLOAD_FORM},
)
async def upload(request: Request, desk: DeskOf, person: PersonOf) -> Response:
    """Send a table as the field `file` of a form: CSV, TSV, Excel, Parquet, JSON or JSON lines, also packed.

    It is written to disk as it comes and read by a job. Two data sets may have one name: their ids differ.
    """
    announced = request.headers.get("content-length", "")
    most = desk.settings.api_max_upload_bytes
    # The parts around the file take some bytes, too.
    size = max(int(announced) - 65_536, 0) if announced.isdecimal() else 0
    await run_in_threadpool(check_room, desk.settings.projects_dir, size, most)
    file = Incoming(desk.settings.projects_dir, most)
    try:
        with uploads_of(request).one_more(person.name):
            form = await read_form(request, FIELDS, file.write)
        told = Told(form.file_name or "", **form.fields)
        return await _once(request, desk, person, file, told)
    except ClientDisconnect as error:
        raise BadRequest("the connection ended before the file did; send it again") from error
    finally:
        await run_in_threadpool(file.drop)


async def _once(request: Request, desk: Desk, person: Person, file: Incoming, told: Told) -> Response:
    """Take the file in, or answer as before where the caller's key says that it came before."""
    once = await idempotency.once_of(request)
    if once is None:
        return await _taken(request, desk, person, file, told)
    known = await once.begin(_fingerprint(file, told))
    if known is not None:
        return idempotency.replay(known)
    response: Response | None = None
    try:
        async with once.under_way():
            response = await _taken(request, desk, person, file, told)
            return response
    finally:
        status = response.status_code if response else 0
        body = bytes(response.body) if response else b""
        headers = {"content-type": "application/json"}
        if response and "location" in response.headers:
            headers["location"] = response.headers["location"]
        await once.end(Answer(status, headers, body))


def _fingerprint(file: Incoming, told: Told) -> str:
    """A digest of a file and of what was said of it."""
    return sha256(repr((file.sha256, told)).encode()).hexdigest()


async def _taken(request: Request, desk: Desk, person: Person, file: Incoming, told: Told) -> Response:
    dataset, job = await run_in_threadpool(datasets.received, desk, person, file, told)
    job = await waited(desk, request, job)
    if not job.is_over:
        return accepted(job, {"dataset_id": dataset.dataset_id, "name": dataset.name})
    return await run_in_threadpool(_read, desk, person, dataset, job)


def _read(desk: Desk, person: Person, dataset: Dataset, job: Job) -> Response:
    dataset = datasets.settled(desk, dataset)
    if job.state != "completed":
        datasets.forget(desk, person, dataset)
    outcome(job)
    return JSONResponse(shown(dataset))
