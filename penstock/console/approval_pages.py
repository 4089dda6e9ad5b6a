"""Promotions that wait for a second person: agree, decline, or take one's own back."""

from fastapi import APIRouter, Response

from penstock.approvals.request import Request
from penstock.console.fields import Field, Typed
from penstock.console.model_pages import crumbs_of
from penstock.console.page import PageRoute
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.console.words import number, plural
from penstock.problems import Problem
from penstock.services import approvals

router = APIRouter(route_class=PageRoute)
FIELDS = (
    Field("answer", "Your answer", "radio", (("yes", "Agree"), ("no", "Decline"))),
    Field("comment", "Comment", "area", hint="Why; a decline needs one."),
)


@router.get("/approvals/{request_id}")
def one(visit: VisitOf, request_id: str) -> Response:
    """What is asked for."""
    return _form(visit, approvals.get(visit.desk, visit.person, request_id))


@router.post("/approvals/{request_id}")
def answer(visit: SentOf, request_id: str, typed: TypedOf) -> Response:
    """Agree or decline."""
    request = approvals.get(visit.desk, visit.person, request_id)
    try:
        if typed.one("answer") == "yes":
            now = approvals.approve(visit.desk, visit.person, request_id, comment=typed.one("comment"))
            done = "approved" if now.state == "done" else "agreed"
        else:
            approvals.reject(visit.desk, visit.person, request_id, comment=typed.one("comment"))
            done = "declined"
    except Problem as problem:
        return _form(visit, request, typed, problem)
    return visit.go(at("models", request.model), done)


@router.post("/approvals/{request_id}/withdraw")
def withdraw(visit: SentOf, request_id: str) -> Response:
    """Take it back."""
    request = approvals.withdraw(visit.desk, visit.person, request_id)
    return visit.go(at("models", request.model), "withdrawn")


def _form(
    visit: Visit, request: Request, typed: Typed | None = None, problem: Problem | None = None
) -> Response:
    held = next(
        (each for each in visit.desk.versions.of(request.model) if each.number == request.version), None
    )
    called = held.called if held else request.version
    said = [
        f"{each.person} {'agrees' if each.is_yes else 'declines'}"
        + (f": {each.comment}" if each.comment else "")
        for each in request.answers
    ]
    notes = [f"{request.asked_by} asks: {request.comment}", *said]
    if held:
        notes += [f"{name}: {number(value)}" for name, value in _scores(held.tags)]
    notes += ["Its gate failed; it is to be promoted all the same."] if request.force else []
    return visit.form(
        f"Promote {request.model} {called}?",
        FIELDS,
        send="Answer",
        crumbs=crumbs_of(request.model),
        typed=typed,
        problem=problem,
        intro=f"{plural(request.missing, 'more person', 'more people')} must agree before it is promoted.",
        notes=notes,
        back=at("models", request.model),
    )


def _scores(tags: object) -> list[tuple[str, object]]:
    found = dict(tags) if isinstance(tags, dict) else {}
    name = found.get("penstock.metric", "")
    return [(str(name), found.get("penstock.score", ""))] if name else []
