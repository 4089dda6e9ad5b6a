"""What the gateway says of itself: its models, one model with an example call, and whether it is ready."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from serving.protocol.judge import columns_of
from serving.registry.follower import Follower
from serving.registry.snapshot import VariantState
from serving.registry.store import Store
from serving.registry.table import ActiveRoute, Lane, Table

EXAMPLES = ("serving_input_example.json", "input_example.json")


def models(table: Table) -> dict[str, object]:
    """All called names, with their variants."""
    return {"models": [_route(name, route) for name, route in sorted(table.items())]}


def model(
    name: str, route: ActiveRoute, stages: Mapping[str, str], root: Path, url: str
) -> dict[str, object]:
    """One called name: versions, variants, schema, and a call that works as pasted.

    Args:
        name: What the route is called by.
        route: The route.
        stages: The stage of each version of the route's model.
        root: The gateway's folder, where the versions' example files lie.
        url: The gateway's own address as the caller reached it.
    """
    lane = next((lane for lane in route.lanes if lane), None)
    return _route(name, route) | {
        "versions": [{"version": number, "stage": stages[number]} for number in sorted(stages, key=int)],
        "schema": [{"name": column, "type": kind} for column, kind in _columns(lane, root)] if lane else [],
        "curl": _curl(name, lane, root, url) if lane else None,
    }


def readiness(follower: Follower) -> tuple[bool, dict[str, object]]:
    """Whether every route that should answer can, and what is wrong."""
    problems = [f"{name}: {problem}" for name, route in follower.table.items() for problem in route.problems]
    if follower.problem:
        problems.append(follower.problem)
    if not follower.is_loaded:
        return False, {"ready": False, "problems": [*problems, "the registry has not been read yet"]}
    dark = [name for name, route in follower.table.items() if _is_dark(route)]
    is_settling = follower.is_settling
    if is_settling:
        problems.append("the first versions are still being fetched or loaded")
    is_ready = not dark and not is_settling
    return is_ready, {
        "ready": is_ready,
        "models": len(follower.table),
        "memory": memory(follower.store),
        "dark": dark,
        "problems": problems,
    }


def memory(store: Store) -> dict[str, object]:
    """What this worker has loaded, and what it may load."""
    held = [slot for slot in store.slots.values() if slot.scorer is not None]
    return {
        "loaded": sorted(f"{slot.held.model}/{slot.held.version}" for slot in held),
        "cold": sum(slot.scorer is None for slot in store.slots.values()),
        "loading": store.is_busy,
        "held_bytes": store.held_bytes,
        "most_bytes": store.most_bytes,
    }


def _columns(lane: Lane, root: Path) -> tuple[tuple[str, str], ...]:
    """A version's inputs, also while it is not in memory."""
    if lane.slot.facts is not None:
        return lane.columns
    try:
        return columns_of(Model.load(str(root / lane.held.folder / "MLmodel")))
    except (OSError, MlflowException):
        return ()


def _is_dark(route: ActiveRoute) -> bool:
    is_meant_to_answer = any(state.held for state in route.state.variants)
    return is_meant_to_answer and not any(route.lanes)


def _route(name: str, route: ActiveRoute) -> dict[str, object]:
    return {
        "name": name,
        "model": route.state.model,
        "variants": [
            _variant(state, lane) for state, lane in zip(route.state.variants, route.lanes, strict=True)
        ],
        "shadows": [lane.variant for lane in route.shadows],
        "problems": list(route.problems),
    }


def _variant(state: VariantState, lane: Lane | None) -> dict[str, object]:
    facts = lane.slot.facts if lane else None
    return {
        "name": state.name,
        "weight": state.buckets / 100,
        "stage": state.stage,
        "model": state.model,
        "version": lane.held.version if lane else None,
        "loaded": bool(lane and lane.slot.scorer),
        "bytes": lane.slot.size_bytes if lane else None,
        "scorer": facts.kind if facts else None,
        "why_no_plan": (facts.reason or None) if facts else None,
        "note": None if lane else "its share goes to the champion",
    }


def _curl(name: str, lane: Lane, root: Path, url: str) -> str | None:
    body = example(root / lane.held.folder)
    if body is None:
        return None
    address = shlex.quote(f"{url}/models/{quote(name)}/invocations")
    return f"curl -s {address} -H 'Content-Type: application/json' -d {shlex.quote(body)}"


def example(folder: Path) -> str | None:
    """A body that a version answers, of the example that training left; None if it left none."""
    for name in EXAMPLES:
        try:
            # MLflow writes a missing number as NaN, which is no JSON and which json reads all the same.
            table = json.loads((folder / name).read_bytes(), parse_constant=lambda _: None)
        except (OSError, ValueError):
            continue
        table = table if "dataframe_split" in table else {"dataframe_split": table}
        return orjson.dumps(_one_row(table)).decode()
    return None


def _one_row(table: dict[str, Any]) -> dict[str, Any]:
    """Keep the first row without a gap, or the first."""
    split = table["dataframe_split"]
    if not isinstance(split, dict) or not split.get("data"):
        return table
    row = next((row for row in split["data"] if None not in row), split["data"][0])
    return {"dataframe_split": {"columns": split.get("columns"), "data": [row]}}
