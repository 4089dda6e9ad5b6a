"""Service keys: made for a machine, shown once, revoked."""

from datetime import timedelta

from fastapi import APIRouter, Response

from penstock.console.fields import Field, Typed
from penstock.console.page import PageRoute
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf
from penstock.problems import BadRequest, Problem
from penstock.services import people
from serving.keys.errors import InvalidKeyError
from serving.keys.key import OPENS, Wanted

router = APIRouter(route_class=PageRoute)
MOST_SHOWN = 500
FIELDS = (
    Field("name", "Name", is_required=True, hint="What it is for, such as the machine's name."),
    Field(
        "actions",
        "It may",
        "many",
        [(action, f"{action}: {words}") for action, words in OPENS.items()],
        "predict\nfeedback",
    ),
    Field(
        "models", "Models", value="*", hint="Names or patterns such as churn*, parted by commas; * for all."
    ),
    Field("project", "Project", hint="Only for this one, owner/name; empty for all that you may."),
    Field(
        "days", "Ends after days", "number", value="90", low="1", high="3650", step="1", hint="Empty: never."
    ),
)


@router.get("/keys")
def index(visit: VisitOf) -> Response:
    """The person's keys."""
    return _show(visit)


@router.post("/keys")
def make(visit: SentOf, typed: TypedOf) -> Response:
    """Make one; its text is on the page that answers, and nowhere after."""
    try:
        made = people.make_key(visit.desk, visit.person, _wanted(visit, typed))
    except Problem as problem:
        return _show(visit, typed, problem)
    return _show(visit, made=made.text)


@router.post("/keys/revoke")
def revoke(visit: SentOf, typed: TypedOf) -> Response:
    """End one."""
    people.revoke_key(visit.desk, visit.person, typed.one("key_id"))
    return visit.go("/keys", "revoked")


def _wanted(visit: Visit, typed: Typed) -> Wanted:
    days = typed.number("days", "the days", 0)
    if days < 0 or days > 36_500:
        raise BadRequest(
            f"the days must be from 1 to 36,500, not {days:g}; leave them empty for a key without end"
        )
    try:
        return Wanted(
            typed.one("name"),
            project=typed.one("project"),
            models=tuple(each.strip() for each in typed.one("models").split(",") if each.strip()),
            actions=tuple(typed.many("actions")),
            expires_at=visit.desk.now() + timedelta(days=days) if days else None,
        )
    except InvalidKeyError as error:
        raise BadRequest(str(error)) from error


def _show(
    visit: Visit, typed: Typed | None = None, problem: Problem | None = None, *, made: str = ""
) -> Response:
    keys = sorted(people.keys(visit.desk, visit.person), key=lambda key: key.made_at, reverse=True)
    return visit.page(
        "keys.html",
        "Keys",
        status=problem.status if problem else 200,
        keys=keys[:MOST_SHOWN],
        fields=FIELDS,
        made=made,
        now=visit.desk.now(),
        typed=Typed(typed.values, str(problem)) if typed and problem else None,
    )
