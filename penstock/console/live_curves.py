"""The curves of a job that runs: losses in one chart, every other stepped metric in one of its own."""

from markupsafe import Markup

from penstock.console.charts.curve import Curves, draw
from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.services.curves import Point, points_after

MOST_CHARTS = 4


def curves_of(desk: Desk, job: Job) -> list[Markup]:
    """The charts of a job's run as far as it is; none before there is one.

    Raises:
        Away: MLflow does not answer.
    """
    points = points_after(desk, job.run_id, {}) if job.run_id and not job.is_over else []
    lines: dict[str, list[Point]] = {}
    for point in points:
        lines.setdefault(point.name, []).append(point)
    losses = {name: found for name, found in lines.items() if "loss" in name}
    others = {name: found for name, found in lines.items() if name not in losses and len(found) > 1}
    charts = [Curves("Loss so far", "round", _values(losses))]
    charts += [Curves(name, "step", _values({name: found})) for name, found in others.items()]
    return [drawn for drawn in map(draw, charts[:MOST_CHARTS]) if drawn]


def _values(lines: dict[str, list[Point]]) -> dict[str, list[float]]:
    return {name: [point.value for point in found] for name, found in lines.items()}
