"""Jobs: the list, and one job with its progress, its log, what came of it, and what to do next."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from penstock.console import job_results
from penstock.console.fields import Typed
from penstock.console.job_data import data_of
from penstock.console.job_words import job_title
from penstock.console.live_curves import curves_of
from penstock.console.page import PageRoute
from penstock.console.project_pages import crumbs_of
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.jobs.job import STATES, Job, State
from penstock.people.person import Level
from penstock.problems import NotFound, Problem
from penstock.records.cursor import Cursor
from penstock.services import jobs, projects, requirements
from penstock.tracking.links import run_url

router = APIRouter(route_class=PageRoute)
PAGE = 40
MOST_LOG = 48 * 1024
PATIENCE_S = 20.0
"""A job that waits longer while none runs says that nobody may be there to work it off."""


@router.get("/jobs")
def index(visit: VisitOf, project: str = "", state: str = "", after: str = "") -> Response:
    """Jobs that the person may see, newest first."""
    states: tuple[State, ...] = tuple(each for each in STATES if each == state)
    found = jobs.listed(
        visit.desk, visit.person, project=project, states=states, before=Cursor.read(after), most=PAGE + 1
    )
    asked = {name: text for name, text in (("project", project), ("state", state)) if text}
    last = found[PAGE - 1] if len(found) > PAGE else None
    return visit.page(
        "jobs.html",
        "Jobs",
        crumbs=crumbs_of(project) if project else (),
        jobs=found[:PAGE],
        data=data_of(visit.desk, found[:PAGE]),
        next=at("jobs", after=Cursor(last.created_s, last.job_id).told(), **asked) if last else "",
        states=STATES,
        state=state,
        project=project,
    )


@router.get("/jobs/{job_id}")
def one(visit: VisitOf, job_id: str) -> Response:
    """A job."""
    return show(visit, requirements.settle(visit.desk, jobs.get(visit.desk, visit.person, job_id)))


@router.get("/jobs/{job_id}/live")
def live(visit: VisitOf, job_id: str, said: str = "") -> Response:
    """How far a job is; when it is over, the whole page is loaded anew."""
    job = jobs.get(visit.desk, visit.person, job_id)
    response = visit.part("job_live.html", before=said, **_now(visit, job))
    if job.is_over:
        response.headers["HX-Redirect"] = at("jobs", job_id)
    return response


@router.get("/jobs/{job_id}/curves")
def curves(visit: VisitOf, job_id: str) -> Response:
    """How a job learns at the moment."""
    job = jobs.get(visit.desk, visit.person, job_id)
    return visit.part("job_curves.html", job=job, curves=curves_of(visit.desk, job))


@router.get("/jobs/{job_id}/log")
def log(visit: VisitOf, job_id: str, offset: Annotated[int, Query(ge=0, le=1 << 50)] = 0) -> Response:
    """What a job has printed since."""
    part = jobs.log(visit.desk, visit.person, job_id, offset=offset, most=MOST_LOG)
    return visit.part("job_log.html", part=part, job_id=job_id)


@router.post("/jobs/{job_id}/cancel")
def cancel(visit: SentOf, job_id: str) -> Response:
    """End a job."""
    try:
        jobs.cancel(visit.desk, visit.person, job_id)
    except NotFound:
        raise
    except Problem as problem:
        return show(visit, jobs.get(visit.desk, visit.person, job_id), problem=problem)
    return visit.go(at("jobs", job_id), "cancelled")


def show(visit: Visit, job: Job, *, problem: Problem | None = None, typed: Typed | None = None) -> Response:
    """A job's page.

    Args:
        visit: Who looks.
        job: The job.
        problem: What was wrong with what was asked of it.
        typed: What was typed into its form, where that was wrong.
    """
    project = projects.get(visit.desk, visit.person, job.wanted.project)
    level = visit.desk.rights.level(visit.person, "experiment", project.experiment_id)
    return visit.page(
        "job.html",
        job_title(job),
        crumbs=[*crumbs_of(job.wanted.project), ("Jobs", at("jobs", project=job.wanted.project))],
        status=problem.status if problem else 200,
        problem=None if typed else problem,
        log=jobs.log(visit.desk, visit.person, job.job_id, most=MOST_LOG),
        found=job_results.of(job),
        data=data_of(visit.desk, [job]).get(job.job_id, ""),
        may_change=level >= Level.EDIT,
        mlflow=_run(visit, project.experiment_id, job.run_id),
        deploy=job_results.deploying(job),
        typed=typed,
        **_now(visit, job),
    )


def _run(visit: Visit, experiment_id: str, run_id: str) -> str:
    return run_url(visit.desk.settings, experiment_id, run_id) if run_id else ""


def _now(visit: Visit, job: Job) -> dict[str, object]:
    now_s = visit.desk.now_s()
    running: tuple[State, ...] = ("running",)
    has_waited = job.state == "pending" and now_s - job.created_s > PATIENCE_S
    is_stuck = has_waited and not visit.desk.jobs.listed(states=running, most=1, is_brief=True)
    return {"job": job, "now_s": now_s, "is_stuck": is_stuck}
