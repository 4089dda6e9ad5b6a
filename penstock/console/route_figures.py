"""What the gateways have counted for each variant of a model's route."""

from dataclasses import dataclass
from typing import Any

from penstock.console.visit import Visit
from penstock.problems import Problem
from penstock.services.routes import Shown
from penstock.services.told import as_problems
from penstock.traffic.counted import counts_of
from serving.lifecycle.canary.counts import Counts, LaneName


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """One variant's figures since the gateway's start.

    Attributes:
        name: What the route calls it.
        what: Which version it is.
        weight: Its share by the route, in percent.
        requests: All that it was chosen for.
        error_rate: Failed ones among all, 0 to 1; None while there are none.
        p50_ms: Half of the answers took at most so long.
        p99_ms: 99 of 100 did.
    """

    name: str
    what: str
    weight: float
    requests: int
    error_rate: float | None
    p50_ms: float | None
    p99_ms: float | None


def figures_of(visit: Visit, shown: Shown) -> dict[str, Any]:
    """The variants' figures, and what is missing of them."""
    variants = (shown.route or {}).get("variants") or {"champion": {"stage": "Production", "weight": 100}}
    lanes = {name: _lane(visit, shown, name, dict(told)) for name, told in variants.items()}
    note = ""
    try:
        with as_problems():
            counts = counts_of(visit.desk, list(lanes.values()))
    except Problem as problem:
        counts, note = dict.fromkeys(lanes.values(), Counts()), str(problem)
    called = {(each.name, each.number): each.called for each in visit.desk.versions.listed()}
    found = [
        _figures(
            name,
            lanes[name],
            called.get((lanes[name].model, lanes[name].version), lanes[name].version),
            variants[name],
            counts[lanes[name]],
        )
        for name in variants
    ]
    return {"figures": found, "note": note}


def _lane(visit: Visit, shown: Shown, name: str, told: dict[str, Any]) -> LaneName:
    model = str(told.get("model") or shown.model)
    version = str(told.get("version") or "")
    if not version:
        stage = str(told.get("stage") or "Production")
        numbers = [each.number for each in visit.desk.versions.of(model) if each.stage == stage]
        version = max(numbers, key=int, default="")
    return LaneName(model, version, name)


def _figures(name: str, lane: LaneName, called: str, told: Any, counts: Counts) -> VariantFigures:
    p50, p99 = counts.quantile(0.5), counts.quantile(0.99)
    stage = dict(told).get("stage")
    what = f"{lane.model} {called}" if lane.version else f"{lane.model}, nothing there"
    return VariantFigures(
        name,
        f"{what} ({stage})" if stage else what,
        float(dict(told).get("weight", 100)),
        int(counts.requests),
        counts.failed / counts.requests if counts.requests else None,
        None if p50 is None else p50 * 1000,
        None if p99 is None else p99 * 1000,
    )
