"""Changing a route for a person: what they may not know of is never told, what they have not seen is left."""

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from penstock.calling.ways import find_route, may_see
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import Changed, Conflict, Problem
from penstock.services import model_routes
from penstock.services.told import as_problems
from serving.lifecycle.leases import LeaseBusyError
from serving.lifecycle.moves import utc_now
from serving.lifecycle.route_journal import Change
from serving.lifecycle.routes import Checked
from serving.routing.route import Route, RouteError, parse

if TYPE_CHECKING:
    from penstock.desk import Desk


@dataclass(frozen=True, slots=True)
class Writing:
    """A change of a route.

    Attributes:
        name: What it is called by.
        text: Its new text.
        model: The registered model that is to carry it; empty for the one that does, or the first variant's.
        reason: Why, for the journal.
        expected: The tag of the text that the caller has seen; empty where they do not care.
        is_new: Whether there must be none of that name yet.
    """

    name: str
    text: str
    model: str = ""
    reason: str = ""
    expected: str = ""
    is_new: bool = False


def etag(text: str | None) -> str:
    """What tells one state of a route from another."""
    return sha256((text or "").encode()).hexdigest()[:32]


def write_route(desk: "Desk", person: Person, writing: Writing) -> Checked:
    """Set a route, under its lease; nothing is written where it is set so already.

    Raises:
        BadRequest: It is no route, or names what is not there.
        NotFound: It names a model that the person may not know of.
        NotAllowed: The person may not change one of its models.
        Conflict: The name is taken, or another changes the route at the moment.
        Changed: It is not what the caller has seen.
    """
    carrier = allowed(desk, person, writing)
    with as_problems():
        checked = _written(desk, person, writing, carrier)
    changed(desk, writing.name)
    return checked


def allowed(desk: "Desk", person: Person, writing: Writing) -> str:
    """The registered model that carries a route, if the person may set it so.

    Raises:
        BadRequest: It is no route.
        NotFound: It names a model that the person may not know of.
        NotAllowed: The person may not change one of its models.
        Conflict: The name is taken.
    """
    carrier = _carrier(desk, person, writing)
    with as_problems():
        route = _parsed(writing.name, writing.text, carrier)
        for model in dict.fromkeys((carrier, *(each.model for each in (*route.variants, *route.shadows)))):
            need_model(desk, person, model, Level.EDIT)
    return carrier


def clear_route(desk: "Desk", person: Person, name: str, *, reason: str = "", expected: str = "") -> None:
    """Take a route away.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: The person may not change one of its models.
        Conflict: The model has no tag to take away, or another changes the route at the moment.
        Changed: It is not what the caller has seen.
    """
    listed = find_route(desk, person, name, Level.EDIT)
    _check_seen(name, listed.text, expected)
    with as_problems():
        model_routes.routes(desk, person).clear(name, reason=reason)
    changed(desk, name)


def changed(desk: "Desk", name: str) -> None:
    """Forget what was remembered of a route."""
    desk.routes.forget()
    desk.switchboard.forget(name)


def _carrier(desk: "Desk", person: Person, writing: Writing) -> str:
    """The registered model that carries a route: whoever has the name keeps it."""
    with as_problems():
        listed = desk.routes.find(writing.name)
    if listed is not None:
        if writing.is_new or not may_see(desk, person, listed):
            raise taken(writing.name)
        return listed.model
    if writing.model:
        return writing.model
    with as_problems():
        return _parsed(writing.name, writing.text, "").variants[0].model or writing.name


def taken(name: str) -> Conflict:
    """That a name is somebody's."""
    return Conflict(f"the name '{name}' is taken; choose another", code="name_taken")


def _parsed(name: str, text: str, model: str) -> Route:
    from penstock.problems import BadRequest

    try:
        return parse(text, name=name, model=model)
    except RouteError as error:
        raise BadRequest(str(error), code="bad_route") from error


def _written(desk: "Desk", person: Person, writing: Writing, carrier: str) -> Checked:
    routes = model_routes.routes(desk, person)
    try:
        with routes.held(writing.name):
            checked = routes.check(writing.name, writing.text, model=carrier)
            if writing.is_new and checked.before is not None:
                raise taken(writing.name)
            _check_seen(writing.name, checked.before, writing.expected)
            if checked.before != checked.text:
                routes.put(
                    Change(
                        utc_now(), writing.name, carrier, "set", person.actor, writing.reason,
                        checked.before, checked.text,
                    )
                )  # fmt: skip
            return checked
    except LeaseBusyError as error:
        raise busy(writing.name) from error


def busy(name: str) -> Problem:
    """That another changes a route at the moment."""
    return Conflict(
        f"somebody else changes route '{name}' at the moment; try again", code="busy", retry_s=1.0
    )


def _check_seen(name: str, text: str | None, expected: str) -> None:
    if expected not in ("", "*") and etag(text) != expected:
        raise Changed(f"route '{name}' was changed since you read it; read it again, and change that")
