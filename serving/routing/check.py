"""Whether a route can be followed by the registry as it is: what it names is there, its name is its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from serving.routing.route import STAGES, Route, Variant

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Known:
    """What a route may name.

    Attributes:
        stages: The stage of each version of each registered model.
        meant: The version that each stage means, by model and stage.
        carriers: The model that carries each named route's tag.
    """

    stages: Mapping[str, Mapping[str, str]]
    meant: Mapping[tuple[str, str], str] = field(default_factory=dict)
    carriers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """What a variant means now: a version, or the sentence that says why there is none."""

    version: str | None
    problem: str | None


def target(variant: Variant, known: Known) -> Target:
    """The version that a variant means."""
    stages = known.stages.get(variant.model)
    if stages is None:
        return Target(None, f"there is no registered model '{variant.model}'; {_near(variant.model, known)}")
    if variant.version is not None:
        if variant.version in stages:
            return Target(variant.version, None)
        have = ", ".join(sorted(stages, key=int)[-SHOWN:]) or "none yet"
        return Target(
            None, f"model '{variant.model}' has no version {variant.version}; its versions are {have}"
        )
    version = known.meant.get((variant.model, variant.stage or ""))
    if version is not None:
        return Target(version, None)
    return Target(None, f"model '{variant.model}' has no version in {variant.stage}; {_filled(stages)}")


def problems(route: Route, model: str, known: Known) -> tuple[str, ...]:
    """Why a route must not be set, a sentence each; empty if it may be.

    Args:
        route: The parsed route.
        model: The registered model that is to carry it.
        known: The registry.
    """
    found = list(_name_problems(route.name, model, known))
    for variant in route.variants + route.shadows:
        kind = "variant" if variant in route.variants else "shadow"
        if problem := target(variant, known).problem:
            found.append(f"{kind} '{variant.name}' of route '{route.name}': {problem}")
    return tuple(found)


def remarks(route: Route, known: Known, before: Route | None) -> tuple[str, ...]:
    """What may surprise whoever sets a route, a sentence each; nothing that stops it.

    Args:
        route: The parsed route.
        known: The registry.
        before: The route until now.
    """
    found = []
    seen: dict[tuple[str, str | None], str] = {}
    for variant in route.variants:
        key = variant.model, target(variant, known).version
        if key[1] and key in seen:
            found.append(
                f"variants '{seen[key]}' and '{variant.name}' both mean version {key[1]} of '{key[0]}'"
            )
        seen.setdefault(key, variant.name)
    if before is not None and before.salt != route.salt and len(before.variants) > 1:
        found.append(
            f"the salt changes from '{before.salt}' to '{route.salt}', which deals all users out anew"
        )
    return tuple(found)


def _name_problems(name: str, model: str, known: Known) -> Iterable[str]:
    if model not in known.stages:
        yield f"there is no registered model '{model}' to carry route '{name}'; {_near(model, known)}"
    if name != model and name in known.stages:
        yield (
            f"route '{name}' would have the name of a registered model, and hide it; choose another name, "
            f"or set the model's own route"
        )
    carrier = known.carriers.get(name)
    if carrier is not None and carrier != model:
        yield f"there is a route '{name}' already, on model '{carrier}'; clear it or choose another name"


def _near(model: str, known: Known) -> str:
    near = get_close_matches(model, known.stages, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    if not known.stages:
        return "the registry is empty, so train a model first"
    return f"known are {', '.join(sorted(known.stages)[:SHOWN])}"


def _filled(stages: Mapping[str, str]) -> str:
    there = [
        f"version {number} is in {stage}"
        for stage in STAGES
        for number in sorted((number for number, held in stages.items() if held == stage), key=int)[-1:]
    ]
    return "; ".join(there) if there else "it has no versions yet"
