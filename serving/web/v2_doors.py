"""The doors of the Open Inference Protocol V2: the server, its health, its models, and inference."""

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from serving.protocol.errors import RequestError
from serving.protocol.v2 import metadata
from serving.protocol.v2.dialect import V2
from serving.protocol.v2.outputs import of_plan
from serving.registry.follower import Follower
from serving.registry.table import ActiveRoute, Lane, Table
from serving.release import release
from serving.scorers.scorer import Scored, Scorer, Wants, opened
from serving.scorers.scorer import Table as Rows
from serving.web import describe
from serving.web.names import unknown_model
from serving.web.pinned import pinned_lane, versions

ROOT = "/v2"
MODELS = "/v2/models/"
INFER = "/infer"

Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """What a path below `/v2/models/` means.

    Attributes:
        name: The called name.
        version: The version, if the path names one.
        action: `infer`, `ready`, or empty for the model itself.
    """

    name: str
    version: str | None
    action: str


@lru_cache(maxsize=4096)
def place_of(path: str) -> Place | None:
    """Read a path below `/v2/models/`; None if it is none of the protocol's."""
    name, *rest = path[len(MODELS) :].split("/")
    version = None
    if len(rest) >= 2 and rest[0] == "versions" and rest[1]:
        version, rest = rest[1], rest[2:]
    action = rest[0] if rest else ""
    if not name or len(rest) > 1 or action not in ("", "infer", "ready") or (rest and not action):
        return None
    return Place(name, version, action)


@lru_cache(maxsize=4096)
def inference(path: str) -> V2 | None:
    """The dialect of an inference path; None if the path is another."""
    place = place_of(path)
    return V2(place.name, place.version) if place and place.action == "infer" else None


async def look(path: str, table: Table, follower: Follower, root: Path) -> Answer:
    """Answer a GET.

    Args:
        path: The path, without a slash at its end.
        table: What the caller may see of the routing table.
        follower: Knows whether all is ready.
        root: The gateway's folder, where the versions' files lie.

    Raises:
        RequestError: 404; there is no such path, model or version.
    """
    if path == ROOT:
        return 200, metadata.server(release())
    if path == "/v2/health/live":
        return 200, {"live": True}
    if path == "/v2/health/ready":
        is_ready, _ = describe.readiness(follower)
        return 200 if is_ready else 503, {"ready": is_ready}
    place = place_of(path) if path.startswith(MODELS) else None
    if place is None:
        sentence = "there is no such path; GET /v2 tells of the server, POST /v2/models/NAME/infer predicts"
        raise RequestError(404, sentence, reason="unknown_path")
    route = table.get(place.name)
    if route is None:
        raise unknown_model(place.name, table)
    lane = _lane(route, place.version)
    if place.action == "ready":
        is_ready = lane is not None and (lane.slot.error is None or lane.stand_in is not None)
        return 200 if is_ready else 503, {"name": place.name, "ready": is_ready}
    if lane is None:
        why = "; ".join(route.problems) or "it has no variant that can answer"
        raise RequestError(503, f"'{place.name}' cannot be described: {why}")
    return 200, await asyncio.to_thread(_described, place.name, route, lane, root)


def check_method(dialect: V2 | None, method: str) -> None:
    """Refuse a method that the path does not take.

    Raises:
        RequestError: 405.
    """
    allowed = ("POST",) if dialect else ("GET", "HEAD")
    if method not in allowed:
        headers = ((b"allow", allowed[0].encode()),)
        raise RequestError(405, f"this path takes {allowed[0]} only", reason="method", headers=headers)


def refusal(error: RequestError) -> bytes:
    """The body of an error in the shape of V2's."""
    return V2("").refusal(error)


def _lane(route: ActiveRoute, version: str | None) -> Lane | None:
    if version is not None:
        return pinned_lane(route, version)
    return next((lane for lane in route.lanes if lane), None)


def _described(name: str, route: ActiveRoute, lane: Lane, root: Path) -> dict[str, Any]:
    inputs, outputs = _signature(root / lane.held.folder)
    scorer, facts = lane.slot.scorer, lane.slot.facts
    is_plan = facts is not None and facts.kind == "plan"
    platform = "penstock_plan" if is_plan else "mlflow_pyfunc"
    if scorer is not None and scorer.kind == "plan":
        outputs = _outputs_of_plan(scorer) or outputs
    return metadata.model(name, versions(route), platform, inputs, outputs)


def _outputs_of_plan(scorer: Scorer) -> metadata.Tensors:
    """What a plan answers, by one answer: it takes a row of gaps, and it is quick."""
    columns = tuple(name for name, _ in scorer.columns)
    begun = scorer.begin_table(Rows(columns, [[None] * len(columns)]), Wants())
    scored = begun() if callable(begun) else begun
    if not isinstance(scored, Scored):
        return []
    return metadata.outputs_like(of_plan(opened(scored.predictions), opened(scored.probabilities)))


@lru_cache(maxsize=512)
def _signature(folder: Path) -> tuple[metadata.Tensors, metadata.Tensors]:
    from mlflow.models import Model

    model = Model.load(str(folder / "MLmodel"))
    return metadata.inputs_of(model.get_input_schema()), metadata.outputs_of(model.get_output_schema())
