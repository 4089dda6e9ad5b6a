"""What the registry says of its models: its answers as values, and which version a stage means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from serving.policy import TAG as POLICY_TAG

ALIASES = {"Production": "production", "Staging": "staging"}
"""The alias that the lifecycle sets beside each stage."""

ROUTE_TAG = "penstock.route"
UPSTREAM_TAG = "penstock.upstream"
"""The servers that answer for a registered model, as http addresses parted by commas."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a registered model, as the registry lists it."""

    number: str
    stage: str
    created_ms: int
    updated_ms: int
    source: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model with all its versions; `route_tags` maps a called name to a route's text."""

    name: str
    versions: Mapping[str, Version]
    aliases: Mapping[str, str]
    route_tags: Mapping[str, str]
    policy: str | None = None
    """The text of its policy's tag."""
    upstream: str | None = None
    """The text of its upstream's tag."""


def fingerprint(entry: Mapping[str, Any]) -> str:
    """A hash of a model's entry in the search answer: it changes with stages, tags, aliases and versions."""
    return sha256(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)).hexdigest()


def model_of(entry: Mapping[str, Any], versions: Sequence[Mapping[str, Any]]) -> Model:
    """Build a model from its entry in `registered-models/search` and its `model-versions/search`."""
    name, tags = entry["name"], _tags(entry)
    return Model(
        name,
        {str(item["version"]): _version(item) for item in versions},
        {item["alias"]: str(item["version"]) for item in entry.get("aliases", ())},
        _route_tags(name, tags),
        tags.get(POLICY_TAG) or None,
        tags.get(UPSTREAM_TAG) or None,
    )


def in_stage(model: Model, stage: str) -> str | None:
    """The version that a stage means: the highest one in it.

    The lifecycle's alias wins over that when its version is in the stage too, unless the highest one was
    moved later: a move made elsewhere sets no alias.
    """
    there = [version for version in model.versions.values() if version.stage == stage]
    if not there:
        return None
    highest = max(there, key=lambda version: int(version.number))
    aliased = model.versions.get(model.aliases.get(ALIASES.get(stage, ""), ""))
    if aliased is not None and aliased.stage == stage and aliased.updated_ms >= highest.updated_ms:
        return aliased.number
    return highest.number


def _version(item: Mapping[str, Any]) -> Version:
    return Version(
        number=str(item["version"]),
        stage=item.get("current_stage", "None"),
        created_ms=int(item.get("creation_timestamp", 0)),
        updated_ms=int(item.get("last_updated_timestamp", 0)),
        source=item.get("source", ""),
        tags=_tags(item),
    )


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in item.get("tags", ())}


def _route_tags(name: str, tags: Mapping[str, str]) -> dict[str, str]:
    routes = {name: tags[ROUTE_TAG]} if ROUTE_TAG in tags else {}
    prefix = f"{ROUTE_TAG}."
    return routes | {key.removeprefix(prefix): text for key, text in tags.items() if key.startswith(prefix)}
