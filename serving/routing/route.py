"""A route: which variants share a model's traffic, with which weights; read from a tag and checked."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

BUCKETS = 10_000
"""A route's weights are shares of this many buckets: one bucket is 0.01 %."""

CHAMPION = "champion"
STAGES = ("Production", "Staging", "Archived", "None")
MAX_VARIANTS = 32
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class RouteError(ValueError):
    """A route that cannot be used; the message says what was wanted, what came and what to do."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One share of the traffic: a stage or a fixed version of a registered model."""

    name: str
    model: str
    stage: str | None
    version: str | None
    buckets: int
    """The variant's share, in buckets of 10,000; a shadow has none."""


@dataclass(frozen=True, slots=True)
class Route:
    """How the traffic of one called name is split; the weights of `variants` make 10,000 buckets."""

    name: str
    variants: tuple[Variant, ...]
    shadows: tuple[Variant, ...]
    salt: str


def straight(model: str) -> Route:
    """The route of a model without a tag: everything goes to the version in Production."""
    champion = Variant(CHAMPION, model, "Production", None, BUCKETS)
    return Route(model, (champion,), (), salt=model)


def parse(text: str, *, name: str, model: str) -> Route:
    """Read a route from the text of its tag.

    Args:
        text: JSON, such as `{"variants": {"champion": {"stage": "Production", "weight": 100}}}`.
        name: The name that the route is called by; also its salt, if the text gives none.
        model: The registered model that carries the tag; variants name it by default.

    Raises:
        RouteError: The text is no route.
    """
    table = _table(_json(text), f"route '{name}'", ("variants", "shadow", "salt"))
    variants = _variants(table.get("variants"), name, model)
    shadows = _shadows(table.get("shadow", []), name, model, taken={variant.name for variant in variants})
    salt = table.get("salt", name)
    if not isinstance(salt, str):
        raise RouteError(f"route '{name}': 'salt' must be text, not {_kind(salt)}")
    return Route(name, variants, shadows, salt)


def _json(text: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RouteError(f"a route must be JSON, and this is not: {error}") from error


def _no_constant(text: str) -> None:
    raise RouteError(f"a route's numbers must be finite, not {text}")


def _table(value: object, where: str, known: Sequence[str]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise RouteError(f"{where} must be a JSON object, not {_kind(value)}")
    if unknown := sorted(set(value) - set(known)):
        raise RouteError(f"{where} has the unknown key '{unknown[0]}'; known are {', '.join(known)}")
    return value


def _variants(value: object, name: str, model: str) -> tuple[Variant, ...]:
    if not isinstance(value, dict) or not 1 <= len(value) <= MAX_VARIANTS:
        raise RouteError(f"route '{name}' must have 'variants', an object of 1 to {MAX_VARIANTS} variants")
    variants = tuple(_variant(key, entry, name, model, weighted=True) for key, entry in value.items())
    total = sum(variant.buckets for variant in variants)
    if total != BUCKETS:
        raise RouteError(
            f"route '{name}': the weights must sum to 100, and they sum to {Decimal(total) / 100}"
        )
    return variants


def _shadows(value: object, name: str, model: str, *, taken: set[str]) -> tuple[Variant, ...]:
    if not isinstance(value, list) or len(value) > MAX_VARIANTS:
        raise RouteError(f"route '{name}': 'shadow' must be a list of at most {MAX_VARIANTS} variants")
    shadows = []
    for position, entry in enumerate(value, start=1):
        given = entry.get("name") if isinstance(entry, dict) else None
        key = given if given is not None else "shadow" if position == 1 else f"shadow-{position}"
        if key in taken:
            raise RouteError(f"route '{name}' has two variants with the name '{key}'; rename one")
        taken.add(key)
        shadows.append(_variant(key, entry, name, model, weighted=False))
    return tuple(shadows)


def _variant(key: object, entry: object, route: str, model: str, *, weighted: bool) -> Variant:
    if not isinstance(key, str) or not NAME.fullmatch(key):
        raise RouteError(
            f"route '{route}': a variant's name must be 1 to 64 letters, digits, '_', '.' or '-'"
        )
    where = f"variant '{key}' of route '{route}'"
    table = _table(entry, where, ("stage", "version", "model", "weight" if weighted else "name"))
    stage, version = _target(table, where)
    named = table.get("model", model)
    if not isinstance(named, str) or not named:
        raise RouteError(f"{where}: 'model' must be a registered model's name, not {_kind(named)}")
    return Variant(key, named, stage, version, _buckets(table.get("weight"), where) if weighted else 0)


def _target(table: Mapping[str, object], where: str) -> tuple[str | None, str | None]:
    stage, version = table.get("stage"), table.get("version")
    if (stage is None) == (version is None):
        raise RouteError(f"{where} must name a 'stage' or a 'version', and only one of them")
    if stage is not None:
        if not isinstance(stage, str) or stage not in STAGES:
            raise RouteError(f"{where}: 'stage' must be one of {', '.join(STAGES)}, not {stage!r}")
        return stage, None
    if isinstance(version, bool) or not isinstance(version, str | int) or not str(version).isdecimal():
        raise RouteError(f"{where}: 'version' must be a version's number, such as \"7\", not {version!r}")
    return None, str(int(version))


def _buckets(weight: object, where: str) -> int:
    if isinstance(weight, bool) or not isinstance(weight, int | Decimal) or not 0 <= weight <= 100:
        raise RouteError(f"{where}: 'weight' must be a percent from 0 to 100, not {_kind(weight)}")
    share = Decimal(weight) * 100
    if share != int(share):
        raise RouteError(f"{where}: 'weight' must have at most two decimals, not {weight}")
    return int(share)


def _kind(value: object) -> str:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return {type(None): "nothing", dict: "an object", list: "a list", str: "text"}.get(
        type(value), repr(value)
    )
