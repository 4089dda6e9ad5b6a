"""`/api/ml/datasets`: what is known of data sets, and their rows."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.dataset_shapes import Change, Known, Rows, Summary, known, summary
from penstock.api.described import Responses, responses
from penstock.api.paging import LongPageOf
from penstock.records.cursor import Cursor
from penstock.services import datasets, rows_shown

router = APIRouter(prefix="/api/ml/datasets", tags=["data sets"])
Part = Annotated[
    Literal["train", "validation", "test"] | None, Query(description="Of a data set that was split.")
]
FILE: Responses = {
    200: {
        "description": "The file.",
        "content": {
            "text/csv": {"example": '"tenure","Churn"\n1,"No"\n'},
            "application/vnd.apache.parquet": {},
        },
    }
}


@router.get("", summary="List data sets", response_model=list[Summary], responses=responses(404))
def listed(desk: DeskOf, person: PersonOf, page: LongPageOf, project: str = "") -> list[Summary]:
    """The data sets of all projects that you may see, or of one, newest first."""
    place = page.after(float, str)
    before = Cursor(*place) if place else None  # type: ignore[arg-type]
    found = datasets.listed(desk, person, project=project, before=before, most=page.asked)
    return [summary(each) for each in page.shown(found, lambda each: (each.created_s, each.dataset_id))]


@router.get("/{dataset_id}", summary="A data set", response_model=Known, responses=responses(404))
def get(desk: DeskOf, person: PersonOf, dataset_id: str) -> JSONResponse:
    """All that is known of a data set; poll it while its `status` is `pending`."""
    return JSONResponse(known(datasets.get(desk, person, dataset_id)))


@router.patch("/{dataset_id}", summary="Rename a data set", response_model=Known,
              responses=responses(404, 409, 412))  # fmt: skip
def change(desk: DeskOf, person: PersonOf, dataset_id: str, asked: Change) -> JSONResponse:
    """Call it otherwise, or say what is to be predicted."""
    found = datasets.rename(desk, person, dataset_id, name=asked.name, target_column=asked.target_column)
    return JSONResponse(known(found))


@router.get("/{dataset_id}/rows", summary="Some rows", response_model=Rows, responses=responses(404, 409))
def rows(
    *,
    desk: DeskOf,
    person: PersonOf,
    dataset_id: str,
    limit: Annotated[int, Query(ge=1, le=rows_shown.MOST_ROWS)] = 20,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
    part: Part = None,
) -> Rows:
    """Rows as they are after reading: typed, with JSON's null for a gap."""
    names, found = rows_shown.preview(desk, person, dataset_id, part=part or "", offset=offset, most=limit)
    return Rows(dataset_id=dataset_id, columns=names, rows=found)


@router.get(
    "/{dataset_id}/download",
    summary="All rows as a file",
    response_class=Response,
    responses=FILE | responses(404, 409, 413),
)
def download(
    *,
    desk: DeskOf,
    person: PersonOf,
    dataset_id: str,
    form: Annotated[Literal["csv", "parquet"], Query(alias="format")] = "csv",
    raw: Annotated[bool, Query(description="Leave cells that a spreadsheet would run as they are.")] = False,
    part: Part = None,
) -> Response:
    """In CSV, an apostrophe stands before texts that a spreadsheet would run: `=`, `+`, `-`, `@`, tab, CR."""
    name = f"{dataset_id}{f'-{part}' if part else ''}.{form}"
    if form == "parquet":
        path = rows_shown.as_parquet(desk, person, dataset_id, part=part or "")
        return FileResponse(path, media_type="application/vnd.apache.parquet", filename=name)
    pieces = rows_shown.as_csv(desk, person, dataset_id, part=part or "", is_raw=raw)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)
