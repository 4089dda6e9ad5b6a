"""Data sets: the list, and one with its columns, gaps, figures and first rows, and what to do next."""

from typing import Any

from fastapi import APIRouter, Response

from penstock.console import training_fields
from penstock.console.charts.strips import bar
from penstock.console.fields import Field, Typed
from penstock.console.page import PageRoute
from penstock.console.project_pages import crumbs_of
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.console.words import number, percent
from penstock.people.person import Level
from penstock.problems import NotFound, Problem
from penstock.records.cursor import Cursor
from penstock.records.dataset import Dataset
from penstock.services import datasets, jobs, projects, rows_shown

router = APIRouter(route_class=PageRoute)
PAGE = 40
MOST_COLUMNS = 200
FIRST_ROWS, LONGEST_CELL = 20, 80
FIGURES = ("mean", "std", "min", "50%", "max")


@router.get("/datasets")
def index(visit: VisitOf, project: str = "", after: str = "") -> Response:
    """Data sets that the person may see, newest first."""
    before = Cursor.read(after)
    found = datasets.listed(visit.desk, visit.person, project=project, before=before, most=PAGE + 1)
    last = found[PAGE - 1] if len(found) > PAGE else None
    asked = {"project": project} if project else {}
    return visit.page(
        "datasets.html",
        "Data sets",
        crumbs=crumbs_of(project) if project else (),
        datasets=found[:PAGE],
        project=project,
        next=at("datasets", after=Cursor(last.created_s, last.dataset_id).told(), **asked) if last else "",
    )


@router.get("/datasets/{dataset_id}")
def one(visit: VisitOf, dataset_id: str, sample: str = "") -> Response:
    """A data set."""
    return _show(visit, dataset_id, sample)


@router.post("/datasets/{dataset_id}")
def change(visit: SentOf, dataset_id: str, typed: TypedOf) -> Response:
    """Call it otherwise, or say what is to be predicted."""
    try:
        datasets.rename(
            visit.desk,
            visit.person,
            dataset_id,
            name=typed.one("name"),
            target_column=typed.one("target_column"),
        )
    except NotFound:
        raise
    except Problem as problem:
        return _show(visit, dataset_id, "", typed, problem)
    return visit.go(at("datasets", dataset_id), "changed")


@router.get("/datasets/{dataset_id}/rows")
def rows(visit: VisitOf, dataset_id: str) -> Response:
    """The first rows: a part for htmx, else a page."""
    dataset = datasets.get(visit.desk, visit.person, dataset_id)
    names, found = rows_shown.preview(visit.desk, visit.person, dataset_id, most=FIRST_ROWS)
    told: dict[str, Any] = {
        "head": names,
        "rows": [[_cell(row.get(name)) for name in names] for row in found],
    }
    if visit.request.headers.get("hx-request"):
        return visit.part("rows_part.html", **told)
    crumbs = [*crumbs_of(dataset.project), (dataset.name, at("datasets", dataset_id))]
    return visit.page("first_rows.html", f"First rows of {dataset.name}", crumbs=crumbs, **told)


def _show(
    visit: Visit, dataset_id: str, sample: str, typed: Typed | None = None, problem: Problem | None = None
) -> Response:
    desk, person = visit.desk, visit.person
    dataset = datasets.get(desk, person, dataset_id)
    project = projects.get(desk, person, dataset.project)
    job = jobs.get(desk, person, dataset.job_id) if dataset.job_id else None
    parent = desk.datasets.get(dataset.parent_id) if dataset.parent_id else None
    names = training_fields.columns(dataset)
    return visit.page(
        "dataset.html",
        dataset.name,
        crumbs=[*crumbs_of(dataset.project), ("Data", at("datasets", project=dataset.project))],
        status=problem.status if problem else 200,
        dataset=dataset,
        state=datasets.state(dataset),
        why=datasets.failure(dataset),
        job=job,
        parent=parent,
        findings=list(job.results.get("findings", ()))[:12] if job else [],
        columns=_columns(dataset, names[:MOST_COLUMNS]),
        left_out=max(0, len(names) - MOST_COLUMNS),
        announced=training_fields.announced(dataset) if dataset.is_ready else (),
        sample=sample,
        may_change=desk.rights.level(person, "experiment", project.experiment_id) >= Level.EDIT,
        fields=(
            Field("name", "Name", value=dataset.name, is_required=True),
            Field(
                "target_column", "Column to predict", "choice",
                [("", "not said"), *((name, name) for name in names)], dataset.target_column,
            ),
        ),
        typed=Typed(typed.values, str(problem)) if typed and problem else None,
    )  # fmt: skip


def _columns(dataset: Dataset, names: list[str]) -> list[dict[str, Any]]:
    types, missing = dataset.profile.get("dtypes", {}), dataset.profile.get("missing_values", {})
    figures = dataset.profile.get("numeric_stats", {})
    return [
        {
            "name": name,
            "type": types.get(name, "-"),
            "gaps": missing.get(name, 0),
            "share": percent(missing.get(name, 0) / dataset.rows) if dataset.rows else "-",
            "bar": bar(missing.get(name, 0) / dataset.rows, label=f"gaps in {name}") if dataset.rows else "",
            "figures": [number(dict(figures.get(name, {})).get(each)) for each in FIGURES],
            "is_target": name == dataset.target_column,
        }
        for name in names
    ]


def _cell(value: object) -> str:
    text = "" if value is None else number(value) if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
