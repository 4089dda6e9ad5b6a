"""What a canary finds when it looks: the route as it is, its two lanes, and the rules of its policy."""

from collections.abc import Mapping
from dataclasses import dataclass

from serving.lifecycle.canary.counts import LaneName
from serving.lifecycle.canary.rules import Rules, read_rules
from serving.lifecycle.errors import InvalidMoveError
from serving.lifecycle.route_tags import known_of
from serving.lifecycle.routes import Routes, unknown_route
from serving.registry.listing import Model
from serving.routing import check
from serving.routing.assign import champion_index
from serving.routing.edit import text_of
from serving.routing.route import Route, RouteError, Variant, parse, straight


@dataclass(frozen=True, slots=True)
class Scene:
    """A route at one moment.

    Attributes:
        name: What it is called by.
        model: The registered model that carries it.
        tag: Its tag's text; None for no tag.
        route: As read; of a model without a tag the straight one.
        models: The registry, with the versions of all models that the route names.
    """

    name: str
    model: str
    tag: str | None
    route: Route
    models: Mapping[str, Model]

    @property
    def text(self) -> str:
        """The route's text, also where it has no tag."""
        return text_of(self.route, self.model) if self.tag is None else self.tag

    def rules(self) -> Rules:
        """The rules of the carrying model's policy.

        Raises:
            InvalidMoveError: They cannot be used.
        """
        return read_rules(self.models[self.model].policy, model=self.model)

    def champion(self) -> Variant:
        """The variant that the challenger is compared with."""
        return self.route.variants[champion_index(self.route.variants)]

    def challenger(self, name: str) -> Variant | None:
        """The variant that takes over, if the route has it."""
        return next((variant for variant in self.route.variants if variant.name == name), None)

    def lane(self, variant: Variant) -> LaneName | None:
        """What a variant is counted by now; None where it has no version."""
        version = check.target(variant, known_of(self.models)).version
        return None if version is None else LaneName(variant.model, version, variant.name)

    def lane_of(self, name: str) -> LaneName | None:
        """What the variant of a name is counted by now."""
        found = self.challenger(name)
        return self.lane(found) if found else None

    def problems(self, route: Route) -> tuple[str, ...]:
        """Why a route must not be set."""
        return check.problems(route, self.model, known_of(self.models))


def look(routes: Routes, name: str) -> Scene:
    """A route as it is now.

    Raises:
        InvalidMoveError: There is none, or its tag is no route.
        LifecycleError: The registry cannot be read.
    """
    listed = routes.models(())
    carrier = name if name in listed else known_of(listed).carriers.get(name)
    if carrier is None:
        raise InvalidMoveError(unknown_route(name, listed))
    tag = listed[carrier].route_tags.get(name)
    route = _parsed(tag, name, carrier)
    named = {variant.model for variant in route.variants + route.shadows} | {carrier}
    return Scene(name, carrier, tag, route, routes.models(named))


def _parsed(tag: str | None, name: str, model: str) -> Route:
    try:
        return straight(model) if tag is None else parse(tag, name=name, model=model)
    except RouteError as error:
        raise InvalidMoveError(f"{error}; set a good one with python -m serving.routes set") from error
