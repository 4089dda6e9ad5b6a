"""Deploying what a training left, from its job's page."""

from fastapi import APIRouter, Response

from penstock.console.fields import Typed
from penstock.console.job_pages import show
from penstock.console.page import PageRoute
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, at
from penstock.problems import Problem
from penstock.services import deploying, jobs

router = APIRouter(route_class=PageRoute)


@router.post("/jobs/{job_id}/deploy")
def deploy(visit: SentOf, job_id: str, typed: TypedOf) -> Response:
    """Make a version of it, and go to the model."""
    asked = deploying.Deploying(
        job_id,
        typed.one("model_name"),
        typed.one("version"),
        typed.one("description"),
        promote_to_production=bool(typed.one("promote")),
    )
    try:
        moved = deploying.deploy(visit.desk, visit.person, asked)
    except Problem as problem:
        job = jobs.get(visit.desk, visit.person, job_id)
        return show(visit, job, problem=problem, typed=Typed(typed.values, str(problem)))
    is_left = asked.promote_to_production and moved.status != "production"
    return visit.go(at("models", moved.name), "staged_only" if is_left else "deployed")
