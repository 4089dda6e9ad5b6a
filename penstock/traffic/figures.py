"""How each side of a test does: its traffic as the gateways counted it, its quality as outcomes tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from penstock.problems import Away
from penstock.traffic.ab_test import SIDES, AbTest, Side
from penstock.traffic.comparison import Comparison, Sample, compare
from penstock.traffic.counted import counts_of
from penstock.traffic.outcomes import Became, became
from serving.lifecycle.canary.counts import Counts, LaneName

if TYPE_CHECKING:
    from monitoring.quality.figures import Figure
    from penstock.desk import Desk

TASK = "penstock.task"


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One side's figures since the test began.

    Attributes:
        requests: All that it was chosen for.
        share: Its part of them, 0 to 1; None while there are none.
        failed: Those that it failed, which the other side answered or nobody.
        refused: Those that were no good.
        error_rate: Failed ones among all, 0 to 1; None while there are none.
        p50_ms: Half of the answers took at most so long; None while there are none.
        p99_ms: 99 of 100 did.
        labelled: Predictions whose outcome is known, among the newest.
        quality: The task's metrics of those, with their intervals.
    """

    requests: int = 0
    share: float | None = None
    failed: int = 0
    refused: int = 0
    error_rate: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    labelled: int = 0
    quality: Mapping[str, "Figure"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """A test's figures.

    Attributes:
        arms: By side.
        quality: What the outcomes say.
        errors: What the failures say.
        note: What is missing and why; empty if nothing is.
    """

    arms: Mapping[Side, ArmFigures]
    quality: Comparison
    errors: Comparison
    note: str = ""


def lanes_of(test: AbTest) -> dict[Side, LaneName]:
    """What each side is counted and logged by."""
    return {side: LaneName(arm.model, arm.version, test.variant(side)) for side, arm in test.arms.items()}


def figures_of(desk: "Desk", test: AbTest) -> Figures:
    """Read the figures of a test.

    Args:
        desk: The process's desk.
        test: Which.
    """
    lanes, note = lanes_of(test), ""
    try:
        counted = counts_of(desk, list(lanes.values()))
        counts = {side: counted[lanes[side]].since(test.arms[side].baseline) for side in SIDES}
    except Away as error:
        counts, note = dict.fromkeys(SIDES, Counts()), str(error)
    known = {
        side: became(desk.settings, lane, since_s=test.created_s, task=_task(desk, test.arms[side].model_id))
        for side, lane in lanes.items()
    }
    total = sum(each.requests for each in counts.values())
    return Figures(
        {side: _arm(counts[side], total, known[side]) for side in SIDES},
        _of_quality(known),
        compare(
            *(Sample.of_hits(counts[side].failed, counts[side].requests) for side in SIDES),
            what="share of failed requests",
            is_more_better=False,
        ),
        note,
    )


def _task(desk: "Desk", model_id: str) -> str:
    held = desk.versions.find(model_id)
    return held.tags.get(TASK, "") if held else ""


def _of_quality(known: Mapping[Side, Became]) -> Comparison:
    a, b = (known[side] for side in SIDES)
    if a.what != b.what and a.sample.count and b.sample.count:
        return Comparison("too_few", f"{a.what} and {b.what} cannot be compared")
    told = a if a.sample.count else b
    return compare(a.sample, b.sample, what=told.what, is_more_better=told.is_more_better)


def _arm(counts: Counts, total: float, known: Became) -> ArmFigures:
    p50, p99 = counts.quantile(0.5), counts.quantile(0.99)
    return ArmFigures(
        int(counts.requests),
        counts.requests / total if total else None,
        int(counts.failed),
        int(counts.refused),
        counts.failed / counts.requests if counts.requests else None,
        None if p50 is None else p50 * 1000,
        None if p99 is None else p99 * 1000,
        known.quality.labelled if known.quality else 0,
        dict(known.quality.metrics) if known.quality else {},
    )
