"""Bringing a file: streamed to the disk as it comes, with its size told before work starts."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from penstock.api.form import read_form
from penstock.api.uploads import uploads_of
from penstock.console import training_fields as asked
from penstock.console.fields import Field, Typed
from penstock.console.page import PageRoute
from penstock.console.project_pages import choices, crumbs_of
from penstock.console.visit import Visit, VisitOf, at, known, visitor
from penstock.console.words import size
from penstock.people.origin import check_origin
from penstock.problems import Problem
from penstock.records.dataset import Dataset
from penstock.services import datasets
from penstock.services.incoming import Incoming, check_room
from serving.settings import Settings

router = APIRouter(route_class=PageRoute)
KINDS = ".csv, .tsv, .txt, .xlsx, .xls, .parquet, .jsonl, .ndjson, .json, .zip, .gz"
FIELDS = {"csrf": "", "project": "", "name": "", "target_column": "", "sample": "", "sample_rows": ""}


@router.get("/upload")
def form(visit: VisitOf, project: str = "") -> Response:
    """The form."""
    return _form(visit, Typed({}), chosen=project)


@router.post("/upload")
async def upload(request: Request) -> Response:
    """Take the file, and go to its data set."""
    check_origin(request.headers, "POST")
    visit = await run_in_threadpool(visitor, request)  # nobody unknown writes to the disk
    settings: Settings = request.app.state.desk.settings
    file = Incoming(settings.projects_dir, settings.api_max_upload_bytes)
    typed = Typed()
    try:
        _check_length(request, settings)
        with uploads_of(request).one_more(visit.person.name):
            sent = await read_form(request, FIELDS, file.write)
        typed = Typed({name: [text] for name, text in sent.fields.items()})
        visit = await run_in_threadpool(known, request, typed.one("csrf"))
        dataset, sample = await run_in_threadpool(_kept, visit, file, typed, sent.file_name or "")
    except ClientDisconnect:
        return Response(status_code=400)
    except Problem as problem:
        return await run_in_threadpool(_refused, request, typed, problem)
    finally:
        file.drop()
    place = at(
        "datasets", dataset.dataset_id, done="uploaded", **({"sample": sample} if sample != "auto" else {})
    )
    if request.headers.get("hx-request"):
        return Response(headers={"HX-Redirect": place})
    return visit.go(place)


def _kept(visit: Visit, file: Incoming, typed: Typed, file_name: str) -> tuple[Dataset, str]:
    sample = asked.sample_size(typed)
    told = datasets.Told(file_name, typed.one("name"), typed.one("target_column"), typed.one("project"))
    dataset, _ = datasets.received(visit.desk, visit.person, file, told)
    return dataset, sample


def _refused(request: Request, typed: Typed, problem: Problem) -> Response:
    return _form(visitor(request), typed, problem=problem)


def _check_length(request: Request, settings: Settings) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal():
        check_room(settings.projects_dir, int(length), settings.api_max_upload_bytes)


def _form(visit: Visit, typed: Typed, *, chosen: str = "", problem: Problem | None = None) -> Response:
    mine = [project.path for project in choices(visit)]
    own = f"{visit.person.name}/default"
    fields = (
        Field(
            "project",
            "Project",
            "choice",
            [(path, path) for path in mine],
            chosen or (own if own in mine else mine[0]),
        ),
        Field("name", "Name", hint="What people call it; empty: as the file."),
        Field("target_column", "Column to predict", hint="If you know it already."),
        *asked.sample()[:2],
    )
    told: dict[str, Any] = {
        "fields": fields,
        "typed": Typed(typed.values, str(problem)) if problem else typed,
        "kinds": KINDS,
        "most": size(visit.desk.settings.api_max_upload_bytes),
        "announced": size(asked.ANNOUNCED_BYTES),
    }
    if problem and visit.request.headers.get("hx-request"):
        return visit.part("upload_form.html", **told)
    crumbs = crumbs_of(chosen) if chosen in mine else [("Data", "/datasets")]
    return visit.page(
        "upload.html", "Upload data", crumbs=crumbs, status=problem.status if problem else 200, **told
    )
