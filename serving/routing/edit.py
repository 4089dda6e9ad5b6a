"""Changes of a route's text: the share of one variant, which the champion gives or takes; all else stays."""

import json
from decimal import Decimal
from typing import Any

from serving.routing.assign import champion_index
from serving.routing.route import BUCKETS, Route, RouteError, Variant, parse


def text_of(route: Route, model: str) -> str:
    """A route as the text of its tag on a registered model."""
    table: dict[str, Any] = {
        "variants": {
            variant.name: _entry(variant, model) | {"weight": _weight(variant.buckets)}
            for variant in route.variants
        },
        "shadow": [{"name": shadow.name} | _entry(shadow, model) for shadow in route.shadows],
        "salt": route.salt,
    }
    if not route.shadows:
        del table["shadow"]
    return json.dumps(table, ensure_ascii=False)


def with_share(text: str, *, name: str, model: str, variant: str, percent: float) -> str:
    """The text with another share for a variant; the champion's changes by as much.

    Raises:
        RouteError: There is no such variant, it is the champion, or the champion has too little to give.
    """
    route = parse(text, name=name, model=model)
    champion, found = route.variants[champion_index(route.variants)], _variant(route, variant)
    if found is champion:
        raise RouteError(
            f"variant '{variant}' of route '{name}' is the champion: it has what the others leave"
        )
    left = champion.buckets + found.buckets - _buckets(percent)
    if left < 0:
        most = (champion.buckets + found.buckets) / 100
        raise RouteError(
            f"variant '{variant}' of route '{name}' can have {most:g} % at most, not {percent:g} %: "
            "the other variants hold the rest"
        )
    table = json.loads(text)
    table["variants"][variant]["weight"] = percent if percent % 1 else int(percent)
    table["variants"][champion.name]["weight"] = _weight(left)
    return json.dumps(table, ensure_ascii=False)


def with_variant(text: str, *, variant: str, stage: str) -> str:
    """The text with another variant, of a stage of the route's own model, that has no share yet."""
    table = json.loads(text)
    table["variants"][variant] = {"stage": stage, "weight": 0}
    return json.dumps(table, ensure_ascii=False)


def without_variant(text: str, *, name: str, model: str, variant: str) -> str:
    """The text without a variant, whose share goes to the champion."""
    table = json.loads(with_share(text, name=name, model=model, variant=variant, percent=0))
    del table["variants"][variant]
    return json.dumps(table, ensure_ascii=False)


def share(route: Route, variant: str) -> float:
    """A variant's percent.

    Raises:
        RouteError: There is no such variant.
    """
    return _variant(route, variant).buckets / 100


def _variant(route: Route, name: str) -> Variant:
    found = next((variant for variant in route.variants if variant.name == name), None)
    if found is None:
        known = ", ".join(variant.name for variant in route.variants)
        raise RouteError(f"route '{route.name}' has no variant '{name}'; it has {known}")
    return found


def _entry(variant: Variant, model: str) -> dict[str, Any]:
    place = {"stage": variant.stage} if variant.stage else {"version": variant.version}
    return place if variant.model == model else {"model": variant.model} | place


def _buckets(percent: float) -> int:
    return int(Decimal(str(percent)) * 100)


def _weight(buckets: int) -> int | float:
    exact = Decimal(buckets) / (BUCKETS // 100)
    return int(exact) if exact == int(exact) else float(exact)
