"""An A/B test of two versions as the gateway knows it: a named route, and who goes to which side of it."""

import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from penstock.sdk.store import Store
from penstock.services.versions import Held
from penstock.traffic.ab_test import SIDES, AbTest, AbTestStore, Arm
from projects.errors import BadInput
from projects.hints import did_you_mean, shown
from serving.lifecycle.database import Database
from serving.lifecycle.errors import AlreadyThereError
from serving.lifecycle.person import clean, user
from serving.routing.assign import allot, bucket
from serving.routing.route import BUCKETS, NAME, Route, Variant, parse

LONGEST = 60


@dataclass(frozen=True)
class Sides:
    """The two versions of a test, and the share of the first."""

    name: str
    a: Held
    b: Held
    split_ratio: float

    @property
    def text(self) -> str:
        """The route's tag."""
        percent = round(100 * self.split_ratio, 2)
        shares = ((f"{self.name}.a", self.a, percent), (f"{self.name}.b", self.b, round(100 - percent, 2)))
        variants = {
            name: {"model": held.name, "version": held.number, "weight": weight}
            for name, held, weight in shares
        }
        return json.dumps({"variants": variants}, ensure_ascii=False)

    @property
    def versions(self) -> list[tuple[str, str]]:
        """The model and the registry's number of both."""
        return [(held.name, held.number) for held in (self.a, self.b)]


def set_up(store: Store, sides: Sides) -> None:
    """Write the route of a test, where it is not written so already; the platform lists it from then on.

    Raises:
        BadInput: The name or the share cannot be used.
        LifecycleError: The registry refuses.
    """
    name, ratio = sides.name, sides.split_ratio
    if not isinstance(name, str) or len(name) > LONGEST or not NAME.fullmatch(name):
        raise BadInput(
            f"test_name must be 1 to {LONGEST} letters, digits, '_', '.' or '-', not {shown(name)}"
        )
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0 <= ratio <= 1:
        raise BadInput(f"split_ratio must be the share of model A, from 0 to 1, not {shown(ratio)}")
    if sides.a.model_id == sides.b.model_id:
        raise BadInput("model_a_id and model_b_id are the same version; name two")
    models = store.routes.models(())
    if name in models:
        raise BadInput(f"'{name}' is a registered model's name; choose another test_name")
    taken = next((model.route_tags[name] for model in models.values() if name in model.route_tags), None)
    if taken is not None and _versions(parse(taken, name=name, model=sides.a.name)) != sides.versions:
        raise BadInput(f"there is a test '{name}' of other versions; choose another test_name")
    with suppress(AlreadyThereError):
        store.routes.set(name, sides.text, model=sides.a.name, reason=f"A/B test '{name}'")
    if store.is_platforms:
        _list(store, sides)


def find(store: Store, name: str) -> Route:
    """Read the route of a test.

    Raises:
        BadInput: There is none of that name.
        LifecycleError: The registry does not answer.
    """
    models = store.routes.models(())
    tests = {route: model for model in models.values() for route in model.route_tags if route != model.name}
    if name not in tests:
        raise BadInput(f"there is no A/B test {shown(name)}; {did_you_mean(str(name), sorted(tests))}")
    carrier = tests[name]
    return parse(carrier.route_tags[name], name=name, model=carrier.name)


def side_of(route: Route, user_id: Any, draw: Callable[[], float]) -> Variant:
    """Return the variant that a user meets: always the gateway's; by chance without a user."""
    owners = allot(route.variants)
    user = "" if user_id is None else str(user_id).strip()
    if not user:
        return route.variants[owners[int(draw() * BUCKETS)]]
    return route.variants[owners[bucket(route.salt.encode(), user.encode())]]


def _list(store: Store, sides: Sides) -> None:
    tests = AbTestStore(Database(store.settings.database_url))
    arms = {side: _arm(held) for side, held in zip(SIDES, (sides.a, sides.b), strict=True)}
    before = tests.get(sides.name)
    if (
        before is None
        or before.ended_s
        or any(before.arms[side].model_id != arms[side].model_id for side in SIDES)
    ):
        tests.put(AbTest(str(uuid.uuid4()), sides.name, arms, clean(user()), time.time()))


def _versions(route: Route) -> list[tuple[str, str]]:
    return [(variant.model, str(variant.version)) for variant in route.variants]


def _arm(held: Held) -> Arm:
    return Arm(held.model_id, held.name, held.number, held.called)
