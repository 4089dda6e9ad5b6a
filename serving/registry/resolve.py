"""From the registry's listing to a snapshot: which route each name has and which version each variant means.

Nothing is read or written here. What cannot be served is never put in the place of what can: a tag that
is no route, names what is not there or leaves nobody to answer leaves the last good route; a name stays with
whoever had it; and a version that is not ready leaves the one before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import quote

from serving.registry.listing import Model, Version, in_stage
from serving.registry.snapshot import Held, RouteState, Snapshot, VariantState
from serving.routing.route import Route, RouteError, Variant, parse, straight

PLAN_TAG = "penstock.plan_sha256"
LONGEST_DIR_NAME = 200


@dataclass(frozen=True, slots=True)
class Stock:
    """What became of a version's files: ready to be served, or the reason why they cannot be."""

    error: str | None = None


@dataclass(frozen=True, slots=True)
class ChosenRoute:
    """The route that a name has now, the tag it was read from, and what is wrong with the tag."""

    name: str
    model: str
    text: str | None
    route: Route | None
    problem: str | None


def held_of(model: str, version: Version, upstream: str | None = None) -> Held:
    """Where a version's files belong; the folder's name changes with the artefact behind the number."""
    sha = version.tags.get(PLAN_TAG) or None
    origin = sha256(f"{version.created_ms} {version.source} {sha}".encode()).hexdigest()[:12]
    return Held(model, version.number, f"models/{_dir_name(model)}/{version.number}-{origin}", sha, upstream)


def choose_routes(models: Mapping[str, Model], before: Snapshot) -> dict[str, ChosenRoute]:
    """The route of every registered model and of every named route, by called name."""
    claims: dict[str, list[str]] = {name: [name] for name in sorted(models)}
    for model in sorted(models.values(), key=lambda model: model.name):
        for name in sorted(set(model.route_tags) - {model.name}):
            claims.setdefault(name, []).append(model.name)
    return {name: _claimed(name, claimants, models, before) for name, claimants in claims.items()}


def targets(chosen: Mapping[str, ChosenRoute], models: Mapping[str, Model]) -> dict[str, Held]:
    """Every version that the routes mean, by folder: these must be on disk."""
    found = {}
    for choice in chosen.values():
        for variant in _all_variants(choice.route):
            held, _ = _target(variant, models)
            if held:
                found[held.folder] = held
    return found


def resolve(
    chosen: Mapping[str, ChosenRoute],
    models: Mapping[str, Model],
    stock: Mapping[str, Stock],
    before: Snapshot,
) -> Snapshot:
    """Build the snapshot from the chosen routes and what is in stock (by folder)."""
    routes = {
        name: _route_state(choice, models, stock, before.routes.get(name)) for name, choice in chosen.items()
    }
    stages = {
        name: {number: version.stage for number, version in model.versions.items()}
        for name, model in models.items()
    }
    policies = {name: model.policy for name, model in models.items() if model.policy}
    return Snapshot(routes, stages, policies)


def _claimed(
    name: str, claimants: Sequence[str], models: Mapping[str, Model], before: Snapshot
) -> ChosenRoute:
    """The route of a name that several models may claim: it stays with the one that had it until now."""
    last = before.routes.get(name)
    owner = last.model if last and last.model in claimants else claimants[0]
    chosen = _choose(name, models[owner], models, last if last and last.model == owner else None)
    others = [claimant for claimant in claimants if claimant != owner]
    if not others or chosen.problem:
        return chosen
    return replace(chosen, problem=_taken(name, owner, others[0]))


def _taken(name: str, owner: str, other: str) -> str:
    if other == name:
        return (
            f"route '{name}' of model '{owner}' has the name of a registered model, which it hides; rename it"
        )
    return f"route '{name}' of model '{other}' has a name that is taken; rename the tag"


def _choose(name: str, model: Model, models: Mapping[str, Model], last: RouteState | None) -> ChosenRoute:
    text = model.route_tags.get(name)
    if text is None:
        return ChosenRoute(name, model.name, None, straight(model.name), None)
    try:
        route = parse(text, name=name, model=model.name)
    except RouteError as error:
        return _last_good(name, model, last, str(error))
    if last is not None and last.text != text and _answers(last) and (fault := _fault(route, models)):
        return _last_good(name, model, last, fault)
    return ChosenRoute(name, model.name, text, route, None)


def _answers(state: RouteState) -> bool:
    return any(variant.held for variant in state.variants)


def _fault(route: Route, models: Mapping[str, Model]) -> str | None:
    """Why a route must not take the place of a good one: it names what is not there, or nobody answers."""
    faults = {variant: _target(variant, models)[1] for variant in _all_variants(route)}
    for variant, fault in faults.items():
        if fault and not _is_empty_stage(variant, models):
            return f"variant '{variant.name}' of route '{route.name}': {fault}"
    if all(faults[variant] for variant in route.variants):
        return f"route '{route.name}' has no variant that can answer: {faults[route.variants[0]]}"
    return None


def _is_empty_stage(variant: Variant, models: Mapping[str, Model]) -> bool:
    return variant.version is None and variant.model in models


def _last_good(name: str, model: Model, last: RouteState | None, problem: str) -> ChosenRoute:
    if last is None or not last.variants:
        return ChosenRoute(name, model.name, None, None, problem)
    text = last.text
    route = straight(model.name) if text is None else parse(text, name=name, model=model.name)
    return ChosenRoute(name, model.name, text, route, f"{problem}; the last good route stays")


def _route_state(
    choice: ChosenRoute, models: Mapping[str, Model], stock: Mapping[str, Stock], last: RouteState | None
) -> RouteState:
    if choice.route is None:
        return RouteState(choice.name, choice.model, None, "", (), (), choice.problem)
    earlier = {state.name: state for state in last.variants + last.shadows} if last else {}
    variants, shadows = (
        tuple(_variant_state(variant, models, stock, earlier.get(variant.name)) for variant in group)
        for group in (choice.route.variants, choice.route.shadows)
    )
    return RouteState(
        choice.name, choice.model, choice.text, choice.route.salt, variants, shadows, choice.problem
    )


def _variant_state(
    variant: Variant, models: Mapping[str, Model], stock: Mapping[str, Stock], earlier: VariantState | None
) -> VariantState:
    held, problem = _target(variant, models)
    is_coming = False
    if held:
        found = stock.get(held.folder)
        if found is None or found.error:
            held, problem = _stand_in(held, found, stock, earlier)
            is_coming = found is None and held is None
    target = (variant.stage, variant.version, variant.buckets)
    return VariantState(variant.name, variant.model, *target, held, problem, is_coming)


def _stand_in(
    wanted: Held, found: Stock | None, stock: Mapping[str, Stock], earlier: VariantState | None
) -> tuple[Held | None, str]:
    """The version that answers until the wanted one can, and why."""
    reason = f"cannot be served: {found.error}" if found else "is being fetched"
    sentence = f"version {wanted.version} of '{wanted.model}' {reason}"
    last = earlier.held if earlier else None
    if last and last.folder in stock and stock[last.folder].error is None:
        return last, f"{sentence}; version {last.version} answers instead"
    return None, sentence


def _target(variant: Variant, models: Mapping[str, Model]) -> tuple[Held | None, str | None]:
    model = models.get(variant.model)
    if model is None:
        return None, f"there is no registered model '{variant.model}'"
    number = variant.version or in_stage(model, variant.stage or "")
    if number is None:
        return None, f"model '{variant.model}' has no version in {variant.stage}"
    if number not in model.versions:
        return None, f"model '{variant.model}' has no version {number}"
    return held_of(variant.model, model.versions[number], model.upstream), None


def _dir_name(model: str) -> str:
    """A model's name as one folder's; without '%', which MLflow takes for an address's escape in a path."""
    quoted = quote(model, safe="").replace("%", "+")
    if len(quoted) > LONGEST_DIR_NAME:
        quoted = f"{quoted[:100]}+{sha256(model.encode()).hexdigest()[:16]}"
    return quoted


def _all_variants(route: Route | None) -> tuple[Variant, ...]:
    return route.variants + route.shadows if route else ()
