"""One version of a model: its scores, its card, its pictures, where it came from."""

from fastapi import APIRouter, Response

from penstock.console.markdown import as_html
from penstock.console.model_pages import crumbs_of, may
from penstock.console.model_rows import TONES
from penstock.console.page import PageRoute
from penstock.console.visit import VisitOf, at
from penstock.console.words import number
from penstock.people.person import Level
from penstock.problems import NotFound
from penstock.services import models
from penstock.tracking.links import model_url

router = APIRouter(route_class=PageRoute)
KINDS = {"png": "image/png", "csv": "text/csv; charset=utf-8", "json": "application/json"}
"""What a browser is given of a version's files; all else it is only let download."""


@router.get("/versions/{model_id}")
def one(visit: VisitOf, model_id: str) -> Response:
    """A version."""
    card = models.one(visit.desk, visit.person, model_id)
    model, settings = card.model, visit.desk.settings
    return visit.page(
        "version.html",
        f"{model.name} {model.version}",
        crumbs=crumbs_of(model.name),
        model=model,
        card=as_html(card.card),
        plots=[name for name in card.plots if name.endswith(".png")],
        tables=[name for name in card.tables if name.rpartition(".")[2] in KINDS],
        metrics=[(name, number(value)) for name, value in model.metrics.items()],
        here=at("versions", model_id),
        tone=TONES.get(model.status, ""),
        may_change=may(visit, model.name, Level.EDIT),
        may_delete=may(visit, model.name, Level.MANAGE),
        mlflow=model_url(settings, model.name, model.number),
    )


@router.get("/versions/{model_id}/files/{name}")
def file(visit: VisitOf, model_id: str, name: str) -> Response:
    """One of a version's pictures or tables."""
    found = models.file(visit.desk, visit.person, model_id, name).content
    kind = KINDS.get(name.rpartition(".")[2])
    if kind is None:
        raise NotFound(f"there is no picture '{name:.80}' to look at; open the run in MLflow")
    more = {} if kind == "image/png" else {"Content-Disposition": f'attachment; filename="{_plain(name)}"'}
    return Response(found, media_type=kind, headers=more)


def _plain(name: str) -> str:
    return "".join(mark if mark.isascii() and (mark.isalnum() or mark in "._-") else "_" for mark in name)
