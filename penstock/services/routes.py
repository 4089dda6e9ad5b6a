"""Routes and canaries: who answers a name, as the route's own JSON, its history, its challenger's way up."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from penstock.audit.trail import Event
from penstock.calling.route_book import Listed
from penstock.calling.ways import find_route, may_see
from penstock.desk import Desk
from penstock.people.person import Level, Person
from penstock.services import model_routes
from penstock.services.told import as_problems
from penstock.services.traffic import is_id
from penstock.services.versions import PROJECT
from penstock.traffic.counted import metrics_texts
from penstock.traffic.route_writing import Writing, allowed, busy, changed, clear_route, etag, write_route
from serving.lifecycle.canary.canary import CHALLENGER, Canary
from serving.lifecycle.canary.ledger import Outcome
from serving.lifecycle.leases import LeaseBusyError
from serving.lifecycle.route_journal import Change
from serving.routing.edit import text_of

Action = Literal["start", "step", "hold", "back"]
"""What can be done with a canary; `hold` is gone on with by `start`."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A route.

    Attributes:
        name: What it is called by.
        model: The registered model that carries it.
        route: Its JSON: variants, shadow, salt; None where its tag is no route.
        is_set: Whether it has a tag; without one a model answers with its version in Production.
        tag: What tells this state of it from another.
        remarks: What may surprise, a sentence each; only after a change.
    """

    name: str
    model: str
    route: Mapping[str, Any] | None
    is_set: bool
    tag: str
    remarks: tuple[str, ...] = ()


def listed(desk: Desk, person: Person, *, is_all: bool = False) -> list[Shown]:
    """The routes whose models the person may see, by their names.

    Args:
        desk: The process's desk.
        person: Who asks.
        is_all: With those that only make one version callable by its id.
    """
    with as_problems():
        found = sorted(desk.routes.listed().items())
        return [
            _shown(each)
            for name, each in found
            if (is_all or not is_id(name)) and may_see(desk, person, each)
        ]


def get(desk: Desk, person: Person, name: str) -> Shown:
    """A route.

    Raises:
        NotFound: There is none, or the person may not know of it.
    """
    return _shown(find_route(desk, person, name))


def put(
    desk: Desk, person: Person, name: str, route: Mapping[str, Any], *, model: str = "", reason: str = "",
    expected: str = "",
) -> Shown:  # fmt: skip
    """Set a route.

    Args:
        desk: The process's desk.
        person: Who asks.
        name: What it is to be called by.
        route: Its JSON, as `serving.routing.route` reads it.
        model: The registered model that is to carry a new one; by default the first variant's.
        reason: Why, for the journal.
        expected: The tag that the caller has seen; empty where they do not care.

    Raises:
        BadRequest: It is no route, or names what is not there.
        NotFound: It names a model that the person may not know of.
        NotAllowed: The person may not change one of its models.
        Conflict: The name is taken.
        Changed: It is not what the caller has seen.
    """
    text = json.dumps(route, ensure_ascii=False)
    writing = Writing(name, text, model=model, reason=reason, expected=expected)
    event = Event("route.set", f"route {name}", details={"route": dict(route)})
    with _doing(desk, person, allowed(desk, person, writing), event):
        checked = write_route(desk, person, writing)
    shown = _shown(Listed(name, checked.model, checked.text, checked.route))
    return Shown(name, shown.model, shown.route, is_set=True, tag=shown.tag, remarks=checked.remarks)


def clear(desk: Desk, person: Person, name: str, *, reason: str = "", expected: str = "") -> None:
    """Take a route away: a model then answers with its version in Production, any other name is gone.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: The person may not change one of its models.
        Changed: It is not what the caller has seen.
    """
    model = find_route(desk, person, name, Level.EDIT).model
    event = Event("route.clear", f"route {name}", details={"reason": reason})
    with _doing(desk, person, model, event):
        clear_route(desk, person, name, reason=reason, expected=expected)


def history(desk: Desk, person: Person, name: str) -> list[Change]:
    """The changes of a route, oldest first.

    Raises:
        NotFound: There is none, or the person may not know of it.
    """
    find_route(desk, person, name)
    with as_problems():
        return model_routes.routes(desk, person).history(name)


def canary(desk: Desk, person: Person, name: str) -> Outcome:
    """Where a route's canary stands, and what a step would do.

    Raises:
        NotFound: There is no such route, or the person may not know of it.
        Conflict: There has been no canary.
    """
    find_route(desk, person, name)
    with as_problems():
        return _canary(desk, person).status(name)


def lead_canary(
    desk: Desk, person: Person, name: str, action: Action, *, variant: str = CHALLENGER, reason: str = ""
) -> Outcome:
    """Start, step, hold or end a canary.

    Raises:
        NotFound: There is no such route, or the person may not know of it.
        NotAllowed: The person may not change one of its models.
        BadRequest: There is no challenger that could be led.
        Conflict: There is nothing to do, or another is at it.
    """
    model = find_route(desk, person, name, Level.EDIT).model
    leading = _canary(desk, person)
    steps: Mapping[Action, Callable[[], Outcome]] = {
        "start": lambda: leading.start(name, variant=variant, reason=reason),
        "step": lambda: leading.step(name),
        "hold": lambda: leading.hold(name, reason=reason),
        "back": lambda: leading.back(name, reason=reason),
    }
    event = Event("route.canary", f"route {name}", details={"asked": action, "reason": reason})
    with _doing(desk, person, model, event) as more, as_problems():
        try:
            outcome = steps[action]()
        except LeaseBusyError as error:
            raise busy(name) from error
        more |= {"done": outcome.action, "percent": outcome.state.percent}
    changed(desk, name)
    return outcome


def _canary(desk: Desk, person: Person) -> Canary:
    def read() -> Mapping[str, str]:
        return {str(place): text for place, text in enumerate(metrics_texts(desk))}

    return Canary(desk.client, desk.settings.database_url, read, actor=person.actor)


def _shown(listed_route: Listed) -> Shown:
    route = listed_route.route
    data = None if route is None else json.loads(text_of(route, listed_route.model))
    text = listed_route.text
    return Shown(listed_route.name, listed_route.model, data, text is not None, etag(text))


@contextmanager
def _doing(desk: Desk, person: Person, model: str, event: Event) -> Iterator[dict[str, Any]]:
    """Record a change of a route that a model carries, before and after."""
    with as_problems():
        versions = [held for held in desk.versions.listed() if held.name == model]
    project = next((held.tags[PROJECT] for held in versions if PROJECT in held.tags), "")
    with desk.trail.doing(person, replace(event, project=project)) as more:
        yield more
