"""From what a request names to what the gateway is asked, and back from its answer to who answered.

model_id      -> the named route of that version, which is called as its id is
ab_test_name  -> a named route, or a model's own
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from penstock.calling.route_book import Listed
from penstock.desk import Desk
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import NotFound
from penstock.services import model_ids
from penstock.services.identity import model_id
from penstock.services.told import as_problems

TASK, NUMBERS = "penstock.task", "regression"


@dataclass(frozen=True, slots=True)
class Way:
    """What the gateway is asked when one person calls one name.

    Attributes:
        called: The name.
        path: The path that is posted to.
        headers: The platform's credentials.
        models: The registered model of each variant; empty where one version alone answers.
        named: The registered models that it is about, whose use was checked.
        alone: The id of the version that alone can answer; empty where there are several.
        is_numbers: Whether it is known to be a regressor, which has no probabilities.
    """

    called: str
    path: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    models: Mapping[bytes, str]
    named: frozenset[str] = frozenset()
    alone: str = ""
    is_numbers: bool = False

    def who(self, variant: bytes, version: bytes) -> str:
        """The id of the version that answered, as the gateway's headers tell it."""
        return self.alone or model_id(self.models.get(variant, self.called), version.decode())


def find_way(desk: Desk, person: Person, called: str, *, is_route: bool) -> Way:
    """Find what is called, and check that the person may; not for the event loop.

    Raises:
        NotFound: There is none of that name, or the person may not know of it.
        NotAllowed: The person may not use it.
        Away: MLflow does not answer.
    """
    headers = tuple(
        (name.lower().encode(), value.encode()) for name, value in desk.gateway_key.headers().items()
    )
    path = f"/models/{quote(called, safe='')}/invocations".encode()
    if not is_route:
        held = model_ids.held(desk, called)
        try:
            need_model(desk, person, held.name, Level.USE)
        except NotFound as error:
            raise model_ids.unknown(called) from error
        named = frozenset({held.name})
        return Way(called, path, headers, {}, named, called, held.tags.get(TASK) == NUMBERS)
    listed = find_route(desk, person, called, Level.USE)
    variants = listed.route.variants + listed.route.shadows if listed.route else ()
    models = {each.name.encode(): each.model for each in variants}
    return Way(called, path, headers, models, frozenset(listed.models))


def find_route(desk: Desk, person: Person, name: str, level: Level = Level.READ) -> Listed:
    """A route whose models the person has the level on.

    Raises:
        NotFound: There is none of that name, or the person may not know of it.
        NotAllowed: The person may see it, but not more.
        Away: MLflow does not answer.
    """
    with as_problems():
        listed = desk.routes.find(name)
    if listed is None or not may_see(desk, person, listed):
        raise unknown_route(name)
    for model in listed.models:
        need_model(desk, person, model, level)
    return listed


def may_see(desk: Desk, person: Person, listed: Listed) -> bool:
    """Whether the person may see every model that a route is about."""
    return all(desk.rights.level(person, "registered_model", model) >= Level.READ for model in listed.models)


def unknown_route(name: str) -> NotFound:
    """That there is no such route, or none for the caller to know of."""
    return NotFound(f"there is no A/B test or route '{name:.80}'; `GET /api/ml/models/ab-test` lists yours")
