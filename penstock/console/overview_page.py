"""The first page: what there is, what runs, what needs a look, and what a newcomer does next."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from penstock.console.job_data import data_of
from penstock.console.model_rows import rows_of
from penstock.console.page import PageRoute
from penstock.console.visit import VisitOf, at
from penstock.services import approvals, datasets, jobs, models, projects

router = APIRouter(route_class=PageRoute)
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One of a newcomer's steps."""

    words: str
    place: str
    is_done: bool


@router.get("/")
def overview(visit: VisitOf) -> Response:
    """The overview."""
    desk, person = visit.desk, visit.person
    mine = projects.listed(desk, person)
    found = datasets.listed(desk, person, most=1)
    newest = jobs.listed(desk, person, most=SHOWN)
    running = jobs.listed(desk, person, states=("running", "pending"), most=SHOWN)
    deployed = models.deployed(desk, person)
    live = [each for each in deployed if each.status == "production"]
    return visit.page(
        "overview.html",
        "Overview",
        projects=mine[:SHOWN],
        more_projects=len(mine) > SHOWN,
        running=running,
        data=data_of(desk, [*running, *newest]),
        newest=[job for job in newest if job.is_over],
        models=rows_of(deployed)[:SHOWN],
        approvals=approvals.listed(desk, person, states=("open",), most=SHOWN),
        steps=_steps(bool(found), has_jobs=bool(newest), has_models=bool(deployed), has_live=bool(live)),
        counts=(len(mine), len({each.name for each in deployed}), len(live)),
    )


def _steps(has_data: bool, *, has_jobs: bool, has_models: bool, has_live: bool) -> list[Step]:
    steps = [
        Step("Bring a file: CSV, Excel, Parquet or JSON lines", at("upload"), has_data),
        Step(
            "Compare models on it, or say in one sentence what you want",
            at("datasets"),
            has_jobs and has_data,
        ),
        Step("Deploy the best with the button on its job's page", at("jobs"), has_models),
        Step("Promote a version to Production, then split traffic between two", at("models"), has_live),
    ]
    return [] if all(step.is_done for step in steps) else steps
