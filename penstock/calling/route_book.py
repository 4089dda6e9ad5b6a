"""The registry's routes as they were a moment ago, for all who ask."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving.lifecycle.route_tags import RouteTags, known_of
from serving.registry.listing import Model
from serving.routing.route import Route, RouteError, parse, straight

if TYPE_CHECKING:
    from mlflow import MlflowClient

FRESH_S = 2.0
REST_S = 0.5
"""The least time between two readings for a name that nobody knows."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A route that can be called.

    Attributes:
        name: What it is called by.
        model: The registered model that carries it.
        text: Its tag's text; None for a model without a tag, which its version in Production answers.
        route: As read; None where the tag is no route.
    """

    name: str
    model: str
    text: str | None
    route: Route | None

    @property
    def models(self) -> tuple[str, ...]:
        """Every registered model that it is about: whoever may see all of them may see it."""
        named = (
            variant.model for variant in (self.route.variants + self.route.shadows if self.route else ())
        )
        return tuple(dict.fromkeys((self.model, *named)))


class RouteBook:
    """What the registry's tags say; usable from several threads.

    Args:
        client: MLflow.
        now_s: Seconds, monotonic.
    """

    def __init__(self, client: "MlflowClient", now_s: Callable[[], float]) -> None:
        self._tags, self._now_s = RouteTags(client), now_s
        self._lock = threading.Lock()
        self._read_s = float("-inf")
        self._routes: Mapping[str, Listed] = {}

    def find(self, name: str) -> Listed | None:
        """The route of a name; None where there is none, and the registry was asked just now.

        Raises:
            LifecycleError: MLflow is away.
        """
        self._read_if_older(FRESH_S if name in self._routes else REST_S)
        return self._routes.get(name)

    def listed(self) -> Mapping[str, Listed]:
        """Every route by its name, as it was at most a moment ago."""
        self._read_if_older(FRESH_S)
        return self._routes

    def forget(self) -> None:
        """Read again at the next question: something was changed."""
        with self._lock:
            self._read_s = float("-inf")

    def _read_if_older(self, seconds: float) -> None:
        with self._lock:
            if self._now_s() - self._read_s > seconds:
                self._routes = _routes(self._tags.models(()))
                self._read_s = self._now_s()


def _routes(models: Mapping[str, Model]) -> dict[str, Listed]:
    carriers = {name: name for name in models} | dict(known_of(models).carriers)
    return {
        name: _listed(name, carrier, models[carrier].route_tags.get(name))
        for name, carrier in carriers.items()
    }


def _listed(name: str, model: str, text: str | None) -> Listed:
    try:
        route = straight(model) if text is None else parse(text, name=name, model=model)
    except RouteError:
        route = None
    return Listed(name, model, text, route)
