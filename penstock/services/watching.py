"""How models do: drift and quality as the monitor found them, what the loop decided, what is alarming."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from monitoring.history import History, lanes_of
from monitoring.retraining.journal import Decision, Journal
from penstock.desk import Desk
from penstock.jobs.job import Job, Wanted
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import Away, NotFound
from penstock.services import jobs, projects
from penstock.services.told import as_problems
from penstock.services.versions import PROJECT
from penstock.tracking.links import model_url
from penstock.watching import monitor, verdicts
from penstock.watching.found import Watched, Window, of_check, of_history
from penstock.watching.verdicts import Verdict
from serving.settings import Settings

__all__ = ["Alert", "Report", "Window", "alerts", "decisions", "drift", "links", "make_report", "quality"]
WINDOWS, MOST_WINDOWS, MOST_LANES = 24, 500, 20
ALARMING = ("Quality low", "Drift", "Estimated quality low", "Shift under way")
"""The monitor's words for what somebody should look at."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a model.

    Attributes:
        model: The registered model.
        verdict: In a sentence.
        watched: Its versions and variants with the newest traffic.
        source: `windows`, `monitor` where no window has closed yet, or `none`.
        note: Why something is missing; empty if nothing is.
        links: Where more is, by name.
    """

    model: str
    verdict: Verdict
    watched: Sequence[Watched]
    source: str
    note: str
    links: dict[str, str]


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that somebody should look at.

    Attributes:
        model: The registered model.
        version: The registry's number.
        variant: The route's name for it.
        state: What it is, in the monitor's words.
        note: More; empty if there is no more.
    """

    model: str
    version: str
    variant: str
    state: str
    note: str


def drift(desk: Desk, person: Person, model: str, *, last: int = WINDOWS) -> Report:
    """How far a model's newest windows lie from its training data.

    Args:
        desk: The process's desk.
        person: Who asks.
        model: The registered model.
        last: Windows of each version and variant.

    Raises:
        NotFound: There is no such model, or the person may not know of it.
    """
    watched, source, note = _watched(desk, person, model, last)
    found = verdicts.of_drift(watched)
    return Report(model, found, watched, source, note, links(desk.settings, model))


def quality(desk: Desk, person: Person, model: str, *, last: int = WINDOWS) -> Report:
    """How good a model's newest windows are, as far as outcomes or estimates tell.

    Raises:
        NotFound: There is no such model, or the person may not know of it.
    """
    watched, source, note = _watched(desk, person, model, last)
    found = verdicts.of_quality(watched)
    return Report(model, found, watched, source, note, links(desk.settings, model))


def decisions(desk: Desk, person: Person, model: str, *, last: int = 50) -> list[Decision]:
    """What the monitor's loop decided about a model, newest first.

    Raises:
        NotFound: There is no such model, or the person may not know of it.
    """
    _need(desk, person, model, Level.READ)
    with as_problems():
        return Journal(desk.database).last(last, model=model)[::-1]


def make_report(desk: Desk, person: Person, model: str) -> Job:
    """Have the monitor's report of a model made anew, as a job of the model's project.

    Raises:
        NotFound: There is no such model, or the person may not know of it.
        NotAllowed: The person may not change the model or its project.
    """
    _need(desk, person, model, Level.EDIT)
    path = _project(desk, model)
    project = projects.get(desk, person, path, Level.EDIT) if path else projects.own_default(desk, person)
    wanted = Wanted(
        entry="drift",
        owner=person.name,
        project=project.path,
        parameters={"model": model},
        asked={"model": model},
        experiment=project.path,
        is_urgent=True,
    )
    return jobs.submit(desk, person, wanted)


def alerts(desk: Desk, person: Person) -> tuple[list[Alert], str]:
    """What the monitor would have somebody look at, of the models that the person may see, the worst first.

    Returns:
        The alerts, and why they cannot be told; empty if they can.
    """
    try:
        status = monitor.ask(desk)
    except Away as error:
        return [], str(error)
    with as_problems():
        found = [
            Alert(lane["model"], lane["version"], lane["variant"], lane["state"], lane.get("note", ""))
            for lane in status.lanes
            if lane["state"] in ALARMING
            and desk.rights.level(person, "registered_model", lane["model"]) >= Level.READ
        ]
    return found, status.notice


def links(settings: Settings, model: str) -> dict[str, str]:
    """Where more is told of a model, as browsers reach it."""
    from monitoring.reports.workspace import project_id

    found = {"monitor": f"{monitor.monitor_url(settings)}/models/{quote(model, safe='')}"}
    if page := model_url(settings, model):
        found["mlflow"] = page
    if settings.evidently_url:
        found["evidently"] = f"{settings.evidently_url.rstrip('/')}/projects/{project_id(model)}"
    if settings.grafana_url:
        graph = f"d/penstock-model?var-model={quote(model, safe='')}"
        found["grafana"] = f"{settings.grafana_url.rstrip('/')}/{graph}"
    return found


def _watched(desk: Desk, person: Person, model: str, last: int) -> tuple[list[Watched], str, str]:
    """A model's lanes, whence they are known, and why something is missing."""
    _need(desk, person, model, Level.READ)
    with as_problems():
        entries = History(desk.database).last(min(last, MOST_WINDOWS) * MOST_LANES, model=model)
    found = [of_history(lane, mine[-last:]) for lane, mine in lanes_of(entries).items()]
    if found:
        return sorted(found, key=lambda each: -each.newest.until_s), "windows", ""
    try:
        lanes = monitor.ask(desk).of(model)
    except Away as error:
        return [], "none", str(error)
    checked = [each for each in map(of_check, lanes) if each is not None]
    return checked, "monitor" if checked else "none", ""


def _need(desk: Desk, person: Person, model: str, level: Level) -> None:
    """See that a registered model is there, and that the person has the level on it."""
    need_model(desk, person, model, level)
    with as_problems():
        if not any(held.name == model for held in desk.versions.listed()):
            raise NotFound(f"there is no model '{model:.80}'; `GET /api/ml/models/deployed` lists yours")


def _project(desk: Desk, model: str) -> str:
    """The project that made a model; empty for models made elsewhere."""
    with as_problems():
        tagged = [held.tags.get(PROJECT, "") for held in desk.versions.listed() if held.name == model]
    return next((path for path in tagged if path), "")
