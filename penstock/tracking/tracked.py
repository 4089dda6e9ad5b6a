"""A run as the platform shows it, and its curves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.tracking.links import run_url
from serving.settings import Settings

if TYPE_CHECKING:
    from mlflow.entities import Metric, Run

MOST_POINTS = 500


@dataclass(frozen=True, slots=True)
class Tracked:
    """A run.

    Attributes:
        run_id: MLflow's.
        experiment_id: Where it is.
        name: Its name.
        status: `running`, `finished`, `failed`, `killed` or `scheduled`.
        kind: What it is of Penstock's: a training, a candidate, an ingestion; empty for others.
        parent_id: The run that it is part of; empty for none.
        started_ms: When it began, in milliseconds since 1970.
        ended_ms: When it ended; None while it runs.
        metrics: The newest value of each; those that are no numbers are left out.
        params: Its parameters.
        tags: Its tags, without MLflow's own.
        url: Its page in MLflow; empty where MLflow has none.
    """

    run_id: str
    experiment_id: str
    name: str
    status: str
    kind: str
    parent_id: str
    started_ms: int
    ended_ms: int | None
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    url: str

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands in a listing."""
        return self.started_ms, self.run_id


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric over time.

    Attributes:
        points: Step, value and milliseconds since 1970 of each.
        count: How many were logged; more than the points where these were thinned.
    """

    points: Sequence[tuple[int, float, int]]
    count: int


def tracked(settings: Settings, run: "Run") -> Tracked:
    """A run of MLflow's."""
    info, data = run.info, run.data
    return Tracked(
        info.run_id,
        info.experiment_id,
        info.run_name or "",
        info.status.lower(),
        data.tags.get("penstock.kind", ""),
        data.tags.get("mlflow.parentRunId", ""),
        info.start_time or 0,
        info.end_time,
        {name: value for name, value in data.metrics.items() if math.isfinite(value)},
        dict(data.params),
        {name: text for name, text in data.tags.items() if not name.startswith("mlflow.")},
        run_url(settings, info.experiment_id, info.run_id),
    )


def curve(history: Sequence["Metric"]) -> Curve:
    """A history in its order, thinned evenly with its ends kept; what is no number is left out."""
    points = sorted((each.step, each.timestamp, each.value) for each in history if math.isfinite(each.value))
    if len(points) > MOST_POINTS:
        step = (len(points) - 1) / (MOST_POINTS - 1)
        points = [points[round(place * step)] for place in range(MOST_POINTS)]
    return Curve([(step, value, time) for step, time, value in points], len(history))
