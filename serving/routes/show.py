"""All routes as the registry has them: variants, weights, what each means now, problems, and canaries."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from serving.lifecycle.canary.rules import read_rules
from serving.lifecycle.canary.state import State
from serving.lifecycle.errors import InvalidMoveError
from serving.lifecycle.route_tags import known_of
from serving.registry.listing import Model
from serving.routing import check
from serving.routing.check import Known
from serving.routing.route import Route, RouteError, Variant, parse, straight


def tables(models: Mapping[str, Model], canary_of: Callable[[str], State | None]) -> list[dict[str, Any]]:
    """Every route as a table of plain values, by called name.

    Args:
        models: The registry, with all versions.
        canary_of: The last canary of a route.
    """
    known = known_of(models)
    named = [(name, carrier) for name, carrier in known.carriers.items() if name not in models]
    own = [(name, name) for name in models]
    return [_table(name, models[carrier], known, canary_of(name)) for name, carrier in sorted([*own, *named])]


def lines(table: Mapping[str, Any]) -> Iterable[str]:
    """A route's table as lines for people."""
    of = "" if table["name"] == table["model"] else f"  (on model '{table['model']}')"
    yield f"{table['name']}{of}" + ("" if table["text"] else "  (no route set: all to Production)")
    for variant in table["variants"]:
        yield f"  {variant['name']:<16} {variant['weight']:>6g} %  {_meaning(variant)}"
    for shadow in table["shadows"]:
        yield f"  {shadow['name']:<16} shadow    {_meaning(shadow)}"
    if canary := table["canary"]:
        steps = ", ".join(f"{step:g}" for step in canary["steps"]) or "no steps"
        where = (
            f": {canary['phase']} at {canary['percent']:g} % since {canary['since']}"
            if canary["phase"]
            else ""
        )
        yield f"  canary ({steps}){where}"
    for problem in table["problems"]:
        yield f"  ! {problem}"


def _table(name: str, model: Model, known: Known, state: State | None) -> dict[str, Any]:
    text = model.route_tags.get(name)
    problems: list[str] = []
    route: Route | None
    try:
        route = straight(name) if text is None else parse(text, name=name, model=model.name)
        problems += check.problems(route, model.name, known)
    except RouteError as error:
        route, problems = None, [f"{error}; the gateway keeps the last good route"]
    return {
        "name": name,
        "model": model.name,
        "text": text,
        "salt": route.salt if route else None,
        "variants": [_variant(variant, known) for variant in route.variants] if route else [],
        "shadows": [_variant(variant, known) for variant in route.shadows] if route else [],
        "problems": problems,
        "canary": _canary(model, state, problems),
    }


def _variant(variant: Variant, known: Known) -> dict[str, Any]:
    version = check.target(variant, known).version
    return {
        "name": variant.name,
        "weight": variant.buckets / 100,
        "model": variant.model,
        "named": f"version {variant.version}" if variant.version else variant.stage,
        "version": version,
        "stage": known.stages[variant.model][version] if version else None,
    }


def _canary(model: Model, state: State | None, problems: list[str]) -> dict[str, Any] | None:
    try:
        steps = read_rules(model.policy, model=model.name).steps
    except InvalidMoveError as error:
        steps = ()
        if model.policy and '"canary"' in model.policy:
            problems.append(str(error))
    if not steps and state is None:
        return None
    return {
        "steps": list(steps),
        "phase": state.phase if state else None,
        "percent": state.percent if state else None,
        "since": state.since.isoformat(timespec="seconds") if state else None,
        "version": state.challenger.version if state else None,
    }


def _meaning(variant: Mapping[str, Any]) -> str:
    means = f"version {variant['version']} in {variant['stage']}" if variant["version"] else "no version"
    return f"{variant['model']} {variant['named']} -> {means}"
