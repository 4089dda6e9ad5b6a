"""Who did what: all that the person may see of it, and the moves and routes of one model."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from penstock.audit.entries import Entry, Place, Wanted
from penstock.console.model_pages import crumbs_of
from penstock.console.page import PageRoute
from penstock.console.subjects import named
from penstock.console.visit import VisitOf, at
from penstock.problems import Problem
from penstock.services import audit, model_moves, routes

router = APIRouter(route_class=PageRoute)
PAGE = 50
MOST_SHOWN = 500
LONGEST_NUMBER = 18
"""Digits of an entry's number; the database takes no more."""
TONES = {"refused": "warn", "failed": "bad", "begun": "warn"}


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a model."""

    time: str
    actor: str
    what: str
    why: str


@router.get("/history")
def index(
    visit: VisitOf,
    *,
    actor: str = "",
    action: str = "",
    project: str = "",
    outcome: str = "",
    after: str = "",
) -> Response:
    """The audit trail with the journals of moves and routes, newest first."""
    wanted = Wanted(actor.strip(), action.strip(), project.strip(), outcome=outcome)
    asked = {"actor": wanted.actor, "action": wanted.action, "project": wanted.project, "outcome": outcome}
    problem, found = None, list[Entry]()
    try:
        found = audit.listed(visit.desk, visit.person, wanted, before=_place(after), most=PAGE + 1)
    except Problem as wrong:
        problem = wrong
    last = found[PAGE - 1].place if len(found) > PAGE else None
    kept = {name: text for name, text in asked.items() if text}
    return visit.page(
        "history.html",
        "History",
        status=problem.status if problem else 200,
        entries=found[:PAGE],
        subjects=named(visit, [entry.subject for entry in found[:PAGE]]),
        asked=asked,
        problem=problem,
        tones=TONES,
        next=at("history", after="~".join(map(str, last)), **kept) if last else "",
    )


@router.get("/models/{name}/history")
def of_model(visit: VisitOf, name: str) -> Response:
    """A model's moves and changes of its route, newest first."""
    moves = [
        Happened(
            move.time,
            move.actor,
            f"version {move.version}: {move.action} from {move.from_status} to {move.to_status}"
            + (", made elsewhere" if move.is_external else ""),
            move.reason,
        )
        for move in model_moves.history(visit.desk, visit.person, name)
    ]
    changes = [
        Happened(change.time.isoformat(), change.actor, f"route: {change.action}", change.reason)
        for change in routes.history(visit.desk, visit.person, name)
    ]
    found = sorted([*moves, *changes], key=lambda it: it.time, reverse=True)
    return visit.page(
        "model_history.html",
        f"History of {name}",
        crumbs=crumbs_of(name),
        happened=found[:MOST_SHOWN],
        is_all=len(found) <= MOST_SHOWN,
    )


def _place(text: str) -> Place | None:
    parts = text.split("~")
    is_one = len(parts) == 3 and parts[2].isdecimal() and len(parts[2]) <= LONGEST_NUMBER
    return Place(parts[0], parts[1], int(parts[2])) if is_one else None
