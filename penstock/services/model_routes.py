"""Every deployed version is called in the gateway by its own id: a named route that leads to it alone."""

import json
from collections.abc import Iterable
from contextlib import suppress

from penstock.desk import Desk
from penstock.people.person import Person
from penstock.services.identity import model_id
from penstock.services.told import as_problems
from serving.lifecycle.errors import AlreadyThereError
from serving.lifecycle.routes import Routes
from serving.routing.route import RouteError, parse

ONLY = "it"
"""What the one variant is called."""


def routes(desk: Desk, person: Person) -> Routes:
    """The registry's routes, changed in a person's name."""
    return Routes(desk.client, desk.settings.database_url, actor=person.actor)


def ensure_route(desk: Desk, person: Person, name: str, version: str) -> str:
    """See that a version can be called by its id, and give the id.

    Raises:
        NotFound: There is no such version.
        Away: MLflow or the database does not answer.
    """
    called = model_id(name, version)
    text = json.dumps({"variants": {ONLY: {"version": version, "weight": 100}}})
    with as_problems(), suppress(AlreadyThereError):
        routes(desk, person).set(called, text, model=name, reason=f"version {version} by its id")
    return called


def clear_route(desk: Desk, person: Person, name: str, version: str) -> None:
    """Take away the route of a version that is to go; nothing happens where it has none.

    Raises:
        Away: MLflow or the database does not answer.
    """
    called = model_id(name, version)
    with as_problems():
        found = routes(desk, person)
        carrier = found.models(()).get(name)
        if carrier is not None and called in carrier.route_tags:
            found.clear(called, reason=f"version {version} is deleted")


def leading_to(desk: Desk, person: Person, name: str, versions: Iterable[str]) -> list[str]:
    """The names of the routes that lead to given versions by their numbers, without the versions' own.

    Raises:
        Away: MLflow does not answer.
    """
    numbers = set(versions)
    own = {model_id(name, number) for number in numbers}
    with as_problems():
        models = routes(desk, person).models(())
    return [
        called
        for carrier, model in sorted(models.items())
        for called, text in model.route_tags.items()
        if called not in own and _names(text, called, carrier, name, numbers)
    ]


def _names(text: str, called: str, carrier: str, name: str, numbers: set[str]) -> bool:
    try:
        route = parse(text, name=called, model=carrier)
    except RouteError:
        return False
    return any(each.model == name and each.version in numbers for each in (*route.variants, *route.shadows))
