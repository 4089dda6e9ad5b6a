"""`/api/ml/approvals`: promotions to Production that take the yes of more than one person."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.approvals.request import Request
from penstock.desk import Desk
from penstock.people.person import Level, Person
from penstock.problems import BadRequest
from penstock.services import approvals
from penstock.services.identity import model_id
from penstock.services.model_moves import owned

router = APIRouter(prefix="/api/ml/approvals", tags=["approvals"])
Id = Annotated[str, Path(max_length=80)]
Status = Literal["", "open", "carrying", "done", "rejected", "withdrawn", "expired", "failed"]
Comment = Annotated[str, Field(max_length=approvals.LONGEST_COMMENT)]


class Asking(Body):
    """A promotion that is asked for: a `model_id`, or a model's name and the registry's number."""

    model_config = example(
        model_id="0a8b6c1e-6a0f-5d6d-8d52-1f0c6d1c5a55", comment="better on the rows of July", days=7.0
    )
    model_id: Annotated[str, Field(max_length=80, examples=["0a8b6c1e-6a0f-5d6d-8d52-1f0c6d1c5a55"])] = ""
    model_name: Annotated[str, Field(max_length=400, examples=["churn"])] = ""
    version: Annotated[str, Field(max_length=40, examples=["7"])] = ""
    comment: Comment = Field(examples=["better on the rows of July"])
    force: bool = False
    days: Annotated[float, Field(gt=0, le=approvals.MOST_DAYS)] = approvals.DAYS


class Answering(Body):
    """What somebody says to a request."""

    model_config = example(comment="the figures of its card are right")
    comment: Comment = ""


@router.post("", summary="Ask for a promotion to Production")
def ask(desk: DeskOf, person: PersonOf, asked: Asking) -> dict[str, Any]:
    """Takes a comment; another person who manages the model approves or rejects it."""
    name, number = _named(desk, person, asked)
    made = approvals.ask(
        desk, person, name, number, comment=asked.comment, force=asked.force, days=asked.days
    )
    return _told(made)


@router.get("", summary="Promotions that were asked for, newest first")
def listed(
    desk: DeskOf,
    person: PersonOf,
    status: Status = "",
    model_name: Annotated[str, Query(max_length=400)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[dict[str, Any]]:
    """Of the models that you may see."""
    states = (status,) if status else ()
    return [
        _plain(each) for each in approvals.listed(desk, person, model=model_name, states=states, most=limit)
    ]


@router.get("/{request_id}", summary="A promotion that was asked for")
def get(desk: DeskOf, person: PersonOf, request_id: Id) -> dict[str, Any]:
    """With what was answered."""
    return _told(approvals.get(desk, person, request_id))


@router.post("/{request_id}/approve", summary="Agree to a promotion")
def approve(desk: DeskOf, person: PersonOf, request_id: Id, said: Answering) -> dict[str, Any]:
    """The last yes that is needed carries the promotion out."""
    return _told(approvals.approve(desk, person, request_id, comment=said.comment))


@router.post("/{request_id}/reject", summary="Refuse a promotion")
def reject(desk: DeskOf, person: PersonOf, request_id: Id, said: Answering) -> dict[str, Any]:
    """Takes a comment; the request is over then."""
    return _told(approvals.reject(desk, person, request_id, comment=said.comment))


@router.post("/{request_id}/withdraw", summary="Take one's own request back")
def withdraw(desk: DeskOf, person: PersonOf, request_id: Id) -> dict[str, Any]:
    """For whoever asked."""
    return _told(approvals.withdraw(desk, person, request_id))


def _named(desk: Desk, person: Person, asked: Asking) -> tuple[str, str]:
    if asked.model_id and not (asked.model_name or asked.version):
        found = owned(desk, person, asked.model_id, Level.EDIT)
        return found.name, found.number
    if asked.model_name and asked.version and not asked.model_id:
        return asked.model_name, asked.version
    raise BadRequest("a version is wanted; give its model_id, or model_name and version")


def _told(made: Request) -> dict[str, Any]:
    return {"status": "success", "request": _plain(made)}


def _plain(made: Request) -> dict[str, Any]:
    return {**asdict(made), "model_id": model_id(made.model, made.version), "missing": made.missing}
