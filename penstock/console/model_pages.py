"""Models: the list, and one model with its versions and what can be done with it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from penstock.console.model_rows import TONES, rows_of
from penstock.console.page import PageRoute
from penstock.console.visit import Visit, VisitOf, at
from penstock.people.person import Level
from penstock.services import approvals, model_moves, models
from penstock.tracking.links import model_url
from penstock.watching.monitor import monitor_url

router = APIRouter(route_class=PageRoute)
PAGE = 50


@router.get("/models")
def index(visit: VisitOf, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    """All models that the person may see."""
    found = rows_of(models.deployed(visit.desk, visit.person))
    rest = found[(page - 1) * PAGE :]
    following = at("models", page=str(page + 1)) if len(rest) > PAGE else ""
    return visit.page("models.html", "Models", models=rest[:PAGE], next=following)


@router.get("/models/{name}")
def one(visit: VisitOf, name: str, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    """A model's versions."""
    versions = [models.of(each) for each in model_moves.of_model(visit.desk, visit.person, name, Level.READ)]
    rest = versions[(page - 1) * PAGE :]
    open_ones = approvals.listed(visit.desk, visit.person, model=name, states=("open", "carrying"))
    return visit.page(
        "model.html",
        name,
        crumbs=[("Models", "/models")],
        name=name,
        versions=rest[:PAGE],
        next=at("models", name, page=str(page + 1)) if len(rest) > PAGE else "",
        live=next((each for each in versions if each.status == "production"), None),
        approvals=open_ones,
        numbers={each.number: each.version for each in versions},
        may_change=may(visit, name, Level.EDIT),
        may_approve=may(visit, name, Level.MANAGE),
        tones=TONES,
        mlflow=model_url(visit.desk.settings, name),
        monitor=f"{monitor_url(visit.desk.settings)}{at('models', name)}",
    )


def may(visit: Visit, name: str, level: Level) -> bool:
    """Whether the person has a level on a model."""
    return visit.desk.rights.level(visit.person, "registered_model", name) >= level


def crumbs_of(name: str) -> list[tuple[str, str]]:
    """What stands above a page of a model."""
    return [("Models", "/models"), (name, at("models", name))]
