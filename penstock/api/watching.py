"""Drift, quality, decisions and alerts."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body
from penstock.services import watching

router = APIRouter(tags=["watching"])
Model = Annotated[str, Path(max_length=256, description="The registered model.")]
Last = Annotated[
    int, Query(ge=1, le=watching.MOST_WINDOWS, description="Windows of each version and variant.")
]


class Window(Body):
    """A span of time and what was found in it."""

    since: str
    until: str
    rows: int
    is_closed: bool = Field(description="False for what the monitor looked at just now.")
    drift_share: float | None = Field(description="The share of columns that drifted.")
    is_drifted: bool
    columns: dict[str, float] = Field(description="Distances of the worst, in their thresholds.")
    labelled: int
    quality: dict[str, float]
    is_bad: bool
    estimate: dict[str, float] = Field(description="Metrics as estimated without outcomes.")
    business: dict[str, float]
    note: str


class Watched(Body):
    """A version under the name of a variant, with its newest windows, oldest first."""

    model_id: str
    version: str
    variant: str
    windows: list[Window]


class Report(Body):
    """How a model does."""

    status: str = "success"
    model: str
    verdict: str = Field(description="`drift`, `low`, `steady` or `unknown`.")
    sentence: str
    source: str = Field(description="`windows`, `monitor` where none has closed yet, or `none`.")
    note: str
    watched: list[Watched]
    links: dict[str, str]


@router.get("/api/ml/models/{name}/drift", summary="A model's drift")
def drift(name: Model, desk: DeskOf, person: PersonOf, *, last: Last = watching.WINDOWS) -> Report:
    """How far the newest windows lie from the training data, the worst columns, and a verdict."""
    return _report(watching.drift(desk, person, name, last=last))


@router.get("/api/ml/models/{name}/quality", summary="A model's quality in use")
def quality(name: Model, desk: DeskOf, person: PersonOf, *, last: Last = watching.WINDOWS) -> Report:
    """How good the newest windows are, as outcomes or estimates tell, and a verdict."""
    return _report(watching.quality(desk, person, name, last=last))


class ReportWanted(Body):
    """A report that is being made."""

    status: str = "success"
    job_id: str
    message: str
    links: dict[str, str]


@router.post(
    "/api/ml/models/{name}/drift/report", summary="Make a drift report", status_code=status.HTTP_202_ACCEPTED
)
def make_report(name: Model, desk: DeskOf, person: PersonOf, response: Response) -> ReportWanted:
    """Have the monitor's Evidently report made anew; a job, whose run holds the page."""
    job = watching.make_report(desk, person, name)
    response.headers["Location"] = f"/api/ml/jobs/{job.job_id}"
    said = f"the report of '{name}' is being made"
    links = watching.links(desk.settings, name)
    return ReportWanted(job_id=job.job_id, message=said, links=links)


class Decision(Body):
    """What the monitor's loop decided."""

    time: str
    topic: str
    decision: str
    reasons: list[str]
    version: str


class Decisions(Body):
    """Decisions, newest first."""

    status: str = "success"
    decisions: list[Decision]


@router.get("/api/ml/models/{name}/decisions", summary="What the loop decided")
def decisions(
    name: Model,
    desk: DeskOf,
    person: PersonOf,
    *,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 50,
) -> Decisions:
    """Retrainings, canaries and why, newest first."""
    found = watching.decisions(desk, person, name, last=limit)
    shown = [
        Decision(
            time=_time(each.time_s), topic=each.topic, decision=each.decision, reasons=list(each.reasons),
            version=each.version,
        )
        for each in found
    ]  # fmt: skip
    return Decisions(decisions=shown)


class Alert(Body):
    """Something that somebody should look at."""

    model: str
    version: str
    variant: str
    state: str
    note: str


class Alerts(Body):
    """Alerts, the worst first."""

    status: str = "success"
    alerts: list[Alert]
    note: str = Field(description="Why alerts cannot be told, or what else the monitor says.")


@router.get("/api/ml/alerts", summary="What should be looked at")
def alerts(desk: DeskOf, person: PersonOf) -> Alerts:
    """What the monitor finds alarming, of the models that you may see."""
    found, note = watching.alerts(desk, person)
    return Alerts(alerts=[Alert(**asdict(each)) for each in found], note=note)


def _report(found: watching.Report) -> Report:
    return Report(
        model=found.model,
        verdict=found.verdict.word,
        sentence=found.verdict.sentence,
        source=found.source,
        note=found.note,
        watched=[
            Watched(
                model_id=each.model_id, version=each.version, variant=each.variant,
                windows=[_window(window) for window in each.windows],
            )
            for each in found.watched
        ],
        links=found.links,
    )  # fmt: skip


def _window(window: watching.Window) -> Window:
    told = asdict(window)
    since_s, until_s = told.pop("since_s"), told.pop("until_s")
    return Window(since=_time(since_s), until=_time(until_s), **told)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
