"""Drift and quality of a model in words, with the worst columns, the trend, and what the loop decided."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Response
from markupsafe import Markup

from monitoring.retraining.journal import MEANINGS
from penstock.console.charts.strips import bar
from penstock.console.charts.trend import spanned, trend
from penstock.console.model_pages import crumbs_of, may
from penstock.console.page import PageRoute
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.console.words import number, percent
from penstock.people.person import Level
from penstock.services import watching
from penstock.watching.found import Watched
from penstock.watching.verdicts import Verdict

router = APIRouter(route_class=PageRoute)
TONES = {"drift": "bad", "low": "bad", "steady": "good", "unknown": ""}
NAMES = {"mlflow": "MLflow", "evidently": "Evidently", "grafana": "Grafana", "monitor": "The monitor"}
MOST_COLUMNS, MOST_SCORES = 10, 4


@dataclass(frozen=True, slots=True)
class Lane:
    """A version under the name of a variant, made ready to be shown.

    Attributes:
        who: Which it is.
        path: Its page.
        facts: Figures of the newest window.
        more: Scores beyond the first few.
        columns: The worst columns: name, distance in thresholds, and a strip.
        charts: Trends, each with its caption.
        note: Why something is missing; empty if nothing is.
    """

    who: str
    path: str
    facts: list[tuple[str, str]]
    more: list[tuple[str, str]]
    columns: list[tuple[str, str, Markup]]
    charts: list[tuple[str, Markup]]
    note: str


@router.get("/models/{name}/drift")
def one(visit: VisitOf, name: str) -> Response:
    """How a model does."""
    drift = watching.drift(visit.desk, visit.person, name)
    quality = watching.quality(visit.desk, visit.person, name)
    return visit.page(
        "drift.html",
        f"Drift and quality of {name}",
        crumbs=crumbs_of(name),
        name=name,
        verdicts=[
            ("Drift", _named(visit, drift.verdict, drift.watched)),
            ("Quality", _named(visit, quality.verdict, quality.watched)),
        ],
        tones=TONES,
        lanes=[_lane(visit, each) for each in drift.watched],
        note=drift.note,
        links=[(NAMES.get(key, key), place) for key, place in drift.links.items()],
        decisions=watching.decisions(visit.desk, visit.person, name, last=20),
        meanings=MEANINGS,
        may_report=may(visit, name, Level.EDIT),
    )


@router.post("/models/{name}/drift/report")
def report(visit: SentOf, name: str) -> Response:
    """Have the report made anew, as a job."""
    job = watching.make_report(visit.desk, visit.person, name)
    return visit.go(at("jobs", job.job_id), "started")


@router.get("/alarms")
def alarms(visit: VisitOf) -> Response:
    """What somebody should look at, for htmx."""
    found, note = watching.alerts(visit.desk, visit.person)
    if visit.request.headers.get("hx-request"):
        return visit.part("alarms_part.html", alarms=found, note=note)
    return visit.page("alarms.html", "Alarms", alarms=found, note=note)


def _named(visit: Visit, verdict: Verdict, watched: Sequence[Watched]) -> Verdict:
    """A verdict with the user's own versions in place of the registry's numbers."""
    said = verdict.sentence
    for each in watched:
        if held := visit.desk.versions.find(each.model_id):
            lane = f"({each.variant})"
            said = said.replace(f"version {each.version} {lane}", f"version {held.called} {lane}")
    return replace(verdict, sentence=said)


def _lane(visit: Visit, watched: Watched) -> Lane:
    held, now = visit.desk.versions.find(watched.model_id), watched.newest
    facts = [
        ("Predictions", number(now.rows)),
        ("Drifted columns", percent(now.drift_share)),
        ("With outcome", number(now.labelled)),
        *((metric, number(value)) for metric, value in now.business.items()),
    ]
    known = [(metric, number(value)) for metric, value in now.quality.items()]
    known += [(f"{metric}, estimated", number(value)) for metric, value in now.estimate.items()]
    worst = [
        (column, f"{distance:.2f}", bar(distance / 2, label=f"distance of {column}", is_over=distance >= 1))
        for column, distance in list(now.columns.items())[:MOST_COLUMNS]
    ]
    return Lane(
        f"Version {held.called if held else watched.version}, {watched.variant}",
        at("versions", watched.model_id),
        facts + known[:MOST_SCORES],
        known[MOST_SCORES:],
        worst,
        _charts(watched, visit.desk.settings.drift_share),
        now.note,
    )


def _charts(watched: Watched, limit: float) -> list[tuple[str, Markup]]:
    share = trend(
        watched.windows,
        lambda window: window.drift_share,
        label="Share of drifted columns",
        limit=limit,
        is_marked=lambda window: window.is_drifted,
    )
    metrics = dict.fromkeys(name for window in watched.windows for name in window.quality)
    scores = [
        (
            metric,
            trend(
                watched.windows,
                lambda window, metric=metric: window.quality.get(metric),  # type: ignore[misc]
                label=metric,
                is_marked=lambda window: window.is_bad,
            ),
        )
        for metric in list(metrics)[:3]
    ]
    drifted = spanned("Share of drifted columns", watched.windows, lambda window: window.drift_share, percent)
    found = [(drifted + f"; from the dotted line on, {percent(limit)}, it alarms", share)]
    found += [
        (spanned(metric, watched.windows, lambda window, metric=metric: window.quality.get(metric)), drawn)  # type: ignore[misc]
        for metric, drawn in scores
    ]
    return [(words, drawn) for words, drawn in found if drawn]
