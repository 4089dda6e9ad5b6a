"""A route from flags: `--variant champion=Production:90 --variant challenger=other/7:10 --shadow Staging`."""

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from serving.lifecycle.routes import InvalidRouteError
from serving.routing.route import STAGES, RouteError, parse

VARIANT_FORM = "NAME=TARGET:PERCENT, such as champion=Production:90, next=7:10 or other=MODEL/Staging:5"
SHADOW_FORM = "[NAME=]TARGET, such as Staging, version=7 or next=MODEL/7"


def route_text(
    variants: Sequence[str], shadows: Sequence[str], *, salt: str | None, before: str | None
) -> str:
    """The route's text.

    Args:
        variants: As `VARIANT_FORM`.
        shadows: As `SHADOW_FORM`.
        salt: What users are dealt out by; None keeps the one before.
        before: The route's text until now; None for none.

    Raises:
        InvalidRouteError: A flag cannot be read.
    """
    table: dict[str, Any] = {"variants": {}}
    for flag in variants:
        name, entry = _variant(flag)
        if name in table["variants"]:
            raise InvalidRouteError((f"--variant names '{name}' twice; give each its own name",))
        table["variants"][name] = entry
    if shadows:
        table["shadow"] = [_shadow(flag) for flag in shadows]
    chosen = salt if salt is not None else _salt(before)
    return json.dumps(table | ({"salt": chosen} if chosen is not None else {}), ensure_ascii=False)


def _variant(flag: str) -> tuple[str, dict[str, Any]]:
    name, equals, rest = flag.partition("=")
    target, colon, percent = rest.rpartition(":")
    if not (name.strip() and equals and target.strip() and colon):
        raise InvalidRouteError((f"--variant must be {VARIANT_FORM}, not '{flag}'",))
    try:
        weight = Decimal(percent.strip().removesuffix("%"))
    except InvalidOperation as error:
        raise InvalidRouteError((f"--variant '{flag}' must end in its percent, not '{percent}'",)) from error
    if not weight.is_finite():
        raise InvalidRouteError((f"--variant '{flag}' must end in its percent, not '{percent}'",))
    return name.strip(), _target(target) | {"weight": int(weight) if weight == int(weight) else float(weight)}


def _shadow(flag: str) -> dict[str, Any]:
    name, equals, target = flag.rpartition("=")
    if name.strip() in ("version", "stage"):
        return _target(target)
    if not target.strip() or (equals and not name.strip()):
        raise InvalidRouteError((f"--shadow must be {SHADOW_FORM}, not '{flag}'",))
    return ({"name": name.strip()} if name.strip() else {}) | _target(target)


def _target(text: str) -> dict[str, Any]:
    model, slash, place = text.strip().rpartition("/")
    place = place.strip().removeprefix("version=").removeprefix("stage=")
    stages = {stage.lower(): stage for stage in STAGES}
    found = {"stage": stages[place.lower()]} if place.lower() in stages else {"version": place}
    return ({"model": model} if slash else {}) | found


def _salt(before: str | None) -> str | None:
    """The salt that a text gives itself; without one it is the route's name, which stays."""
    try:
        return None if before is None else parse(before, name="", model="any").salt or None
    except RouteError:
        return None
