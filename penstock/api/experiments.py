"""What was tracked: experiments, their runs and curves, tunings, stored features, and links into MLflow."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body
from penstock.api.paging import PageOf
from penstock.jobs.job import Job
from penstock.records.cursor import Cursor
from penstock.services import experiments, jobs
from penstock.tracking.links import run_url
from penstock.tracking.run_search import Wanted
from penstock.tracking.tracked import Curve, Tracked

router = APIRouter(tags=["experiments"])


class Experiment(Body):
    """A project's experiment."""

    experiment_id: str
    name: str = Field(description="The project, `owner/name`.")
    description: str
    created_at: str
    url: str = Field(description="Its page in MLflow.")


class Experiments(Body):
    """Experiments."""

    status: str = "success"
    experiments: list[Experiment]


@router.get("/api/ml/experiments", summary="List experiments")
def listed(desk: DeskOf, person: PersonOf) -> Experiments:
    """The experiments of the projects that you may see."""
    found = [
        Experiment(
            experiment_id=each.experiment_id, name=each.project, description=each.description,
            created_at=_time(1000 * each.created_s), url=each.url,
        )
        for each in experiments.listed(desk, person)
    ]  # fmt: skip
    return Experiments(experiments=found)


class Run(Body):
    """A tracked run."""

    run_id: str
    experiment_id: str
    name: str
    status: str = Field(description="`running`, `finished`, `failed`, `killed` or `scheduled`.")
    kind: str = Field(description="What it is of Penstock's, such as a training or a candidate.")
    parent_id: str = Field(description="The run that it is part of; empty for none.")
    started_at: str
    ended_at: str | None
    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]
    url: str = Field(description="Its page in MLflow.")


class Runs(Body):
    """Runs."""

    status: str = "success"
    runs: list[Run]


@router.get("/api/ml/experiments/{experiment_id}/runs", summary="List an experiment's runs")
def runs(
    experiment_id: Annotated[str, Path(max_length=64)],
    desk: DeskOf,
    person: PersonOf,
    page: PageOf,
    *,
    order_by: Annotated[
        str, Query(max_length=300, description="`metrics.NAME DESC` or `ASC`; by default the newest first.")
    ] = "",
    nested: Annotated[bool, Query(description="With candidates, trials and other parts of runs.")] = True,
) -> Runs:
    """Runs, newest first, a page at a time; or the best by a metric, at most 100."""
    place = page.after(int, str)
    before = (int(place[0]), str(place[1])) if place else None
    wanted = Wanted(order_by, before, page.limit if order_by else page.asked, nested)
    found = experiments.runs(desk, person, experiment_id, wanted)
    shown = found if order_by else page.shown(found, lambda each: each.place)
    return Runs(runs=[_run(each) for each in shown])


class CurveShown(Body):
    """A metric over time."""

    points: list[tuple[int, float, int]] = Field(description="Step, value, milliseconds since 1970.")
    count: int = Field(description="How many were logged; more than the points where these were thinned.")


class RunShown(Body):
    """A run with its curves."""

    status: str = "success"
    run: Run
    curves: dict[str, CurveShown]


@router.get("/api/ml/runs/{run_id}", summary="A run with its curves")
def run(
    run_id: Annotated[str, Path(max_length=64)],
    desk: DeskOf,
    person: PersonOf,
    *,
    curve: Annotated[list[str], Query(max_length=40, description="Only these metrics' curves.")] = [],  # noqa: B006 - read only
) -> RunShown:
    """A run, and how its metrics went, at most 500 points each."""
    found = experiments.run(desk, person, run_id)
    curves = experiments.curves(desk, person, run_id, curve)
    return RunShown(run=_run(found), curves={name: _curve(each) for name, each in curves.items()})


class Tuning(Body):
    """A tuning: many trials of one algorithm."""

    job_id: str
    project: str
    owner: str
    state: str
    created_at: str
    asked: dict[str, Any]
    run_id: str
    url: str = Field(description="Its run's page in MLflow.")


class Tunings(Body):
    """Tunings, newest first."""

    status: str = "success"
    experiments: list[Tuning]


@router.get("/api/ml/experiments/tuning", summary="List tuning experiments")
def tunings(desk: DeskOf, person: PersonOf, page: PageOf) -> Tunings:
    """Searches for hyperparameters, newest first; `GET /api/ml/models/train/{job_id}` has the results."""
    place = page.after(float, str)
    before = Cursor(float(place[0]), str(place[1])) if place else None
    found = jobs.listed(desk, person, entries=("tune",), before=before, most=page.asked)
    shown = page.shown(found, lambda job: (job.created_s, job.job_id))
    ids = {each.project: each.experiment_id for each in experiments.listed(desk, person)}
    return Tunings(experiments=[_tuning(desk, job, ids.get(job.wanted.project, "")) for job in shown])


class Feature(Body):
    """A stored feature's version."""

    name: str
    version: int
    definition: dict[str, Any]
    description: str
    owner: str
    created_at: str
    run_id: str
    uses: dict[str, Any] = Field(description="The statistics of its cells by the training's run.")


class Features(Body):
    """The feature store."""

    status: str = "success"
    features: list[Feature]


@router.get("/api/ml/features", summary="List stored features")
def features(desk: DeskOf, person: PersonOf) -> Features:
    """The definitions of features that projects share, by name and version."""
    found = [
        Feature(**{**each, "created_at": _time(each["created_at"])})
        for each in experiments.features(desk, person)
    ]
    return Features(features=found)


def _run(found: Tracked) -> Run:
    told = {name: getattr(found, name) for name in Run.model_fields if not name.endswith("_at")}
    ended = None if found.ended_ms is None else _time(found.ended_ms)
    return Run(**told, started_at=_time(found.started_ms), ended_at=ended)


def _curve(found: Curve) -> CurveShown:
    return CurveShown(points=list(found.points), count=found.count)


def _tuning(desk: DeskOf, job: Job, experiment_id: str) -> Tuning:
    url = run_url(desk.settings, experiment_id, job.run_id) if job.run_id and experiment_id else ""
    return Tuning(
        job_id=job.job_id, project=job.wanted.project, owner=job.wanted.owner, state=job.state,
        created_at=_time(1000 * job.created_s), asked=dict(job.wanted.asked), run_id=job.run_id, url=url,
    )  # fmt: skip


def _time(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
