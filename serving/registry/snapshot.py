"""The snapshot: what one worker found in the registry, as a file that all workers serve from.

It holds resolved routes, so that a worker needs no registry to answer, and a gateway that starts while the
registry is away answers as before.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

FORMAT = 2


class SnapshotError(ValueError):
    """A snapshot file that cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Held:
    """A version whose files are on disk, ready to be loaded."""

    model: str
    version: str
    folder: str
    """Relative to the gateway's folder; another artefact under the same number has another folder."""
    plan_sha256: str | None
    upstream: str | None = None
    """The servers that answer for it, as its model's tag `penstock.upstream` lists them."""

    @property
    def artefact(self) -> str:
        """What tells this artefact from another one under the same number."""
        return self.folder.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class VariantState:
    """A variant and the version that answers for it now, if any."""

    name: str
    model: str
    stage: str | None
    fixed: str | None
    buckets: int
    held: Held | None
    problem: str | None
    is_coming: bool = False
    """Whether nothing answers for it because its version is still being fetched."""


@dataclass(frozen=True, slots=True)
class RouteState:
    """A called name and its variants; without variants it answers 503 with its problem."""

    name: str
    model: str
    text: str | None
    """The tag that these variants were read from: the last good one; None for the straight route."""
    salt: str
    variants: tuple[VariantState, ...]
    shadows: tuple[VariantState, ...]
    problem: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All routes by called name, every version's stage, and the text of each model's policy."""

    routes: Mapping[str, RouteState]
    stages: Mapping[str, Mapping[str, str]]
    policies: Mapping[str, str] = field(default_factory=dict)


EMPTY = Snapshot({}, {})


def held_versions(snapshot: Snapshot) -> dict[str, Held]:
    """Every version that a route of the snapshot answers from, by folder."""
    variants = [state for route in snapshot.routes.values() for state in route.variants + route.shadows]
    return {state.held.folder: state.held for state in variants if state.held}


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as JSON; equal snapshots give equal bytes."""
    table = {"format": FORMAT} | asdict(snapshot)
    return orjson.dumps(table, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def decode(raw: bytes) -> Snapshot:
    """Read what `encode` wrote.

    Raises:
        SnapshotError: The bytes are no snapshot of this format.
    """
    try:
        table = orjson.loads(raw)
        if table["format"] != FORMAT:
            raise SnapshotError(
                f"the snapshot has format {table['format']}, and this code reads {FORMAT}; delete it"
            )
        routes = {name: _route(entry) for name, entry in table["routes"].items()}
        return Snapshot(routes, table["stages"], table["policies"])
    except (KeyError, TypeError, AttributeError, orjson.JSONDecodeError) as error:
        raise SnapshotError(f"the registry's snapshot cannot be read ({error!r}); delete it") from error


def write(path: Path, snapshot: Snapshot) -> None:
    """Put the snapshot in place in one step: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(encode(snapshot))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> Snapshot | None:
    """Read the snapshot; None if there is none yet.

    Raises:
        SnapshotError: The file is no snapshot.
    """
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        return None


def _route(entry: Mapping[str, Any]) -> RouteState:
    variants = {key: tuple(_variant(item) for item in entry[key]) for key in ("variants", "shadows")}
    return RouteState(**{**entry, **variants})


def _variant(entry: Mapping[str, Any]) -> VariantState:
    held = Held(**entry["held"]) if entry["held"] else None
    return VariantState(**{**entry, "held": held})
