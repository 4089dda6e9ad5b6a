"""Curves of a run while it goes on: points of metrics that have steps, such as losses by epoch."""

from collections.abc import Mapping
from dataclasses import dataclass

from penstock.desk import Desk
from penstock.services.told import as_problems

MOST_CURVES = 20
MOST_POINTS = 5000


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve.

    Attributes:
        name: The metric's.
        step: Where.
        value: How much.
    """

    name: str
    step: int
    value: float


def points_after(desk: Desk, run_id: str, seen: Mapping[str, int]) -> list[Point]:
    """The points behind those that were seen, by step; whoever asks has been allowed to see the run.

    Args:
        desk: The desk.
        run_id: An MLflow run.
        seen: The highest step that was seen, by metric.

    Raises:
        Away: MLflow does not answer.
    """
    with as_problems():
        newest = desk.client.get_run(run_id).data._metric_objs  # noqa: SLF001 - the only place of their steps
        stepped = [each.key for each in newest if each.step > seen.get(each.key, 0)][:MOST_CURVES]
        found = [
            Point(name, int(each.step), float(each.value))
            for name in stepped
            for each in desk.client.get_metric_history(run_id, name)
            if each.step > seen.get(name, -1)
        ]
    return sorted(found, key=lambda point: (point.step, point.name))[:MOST_POINTS]
