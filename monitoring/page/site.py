"""The pages behind the monitor's door, and what each is made of.

`/` all lanes, `/models/NAME` one model, `/api/status` the same for programs, `/report` the newest reports; a
`POST` to `/report` asks for a new one.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from monitoring.lane import Lane
from monitoring.page.answer import Answer, Asked, data, elsewhere, everything, page, report, told
from monitoring.page.lanes import Shown, lanes
from monitoring.page.links import Elsewhere
from monitoring.page.model import model_page
from monitoring.page.origin import is_own
from monitoring.page.overview import Round, overview
from monitoring.page.past import WINDOWS, Past
from monitoring.page.status import status
from monitoring.policy import Policy
from monitoring.quality.metric_names import INFINITE
from monitoring.result import Result
from monitoring.retraining.journal import Decision, Journal
from serving.lifecycle.errors import LifecycleError

log = logging.getLogger(__name__)

DECISIONS = 8
MOST_SEARCHED = 1000
"""Decisions among which those are looked for that somebody may see."""
_STANDS = 2.5
"""Window lengths for which a closed window stands for a check, where this monitor has made none."""
_PATIENCE_S = 600.0
"""A report that was asked for and has not come after so long is not waited for."""
_OURS = Asked("GET", "/")
"""What the monitor itself wants to know."""


class Watched(Protocol):
    """The monitor, as the pages see it."""

    checked_s: float

    def results(self) -> Sequence[Result]:
        """The newest result of each lane."""

    def policies(self, models: list[str]) -> Mapping[str, Policy]:
        """What is wanted of models."""

    def ask_report(self, lane: Lane) -> bool:
        """Have a report made; False if the lane is not among the results."""


@dataclass(slots=True)
class Site:
    """The pages.

    Attributes:
        watched: The monitor.
        past: The closed windows.
        journal: The decisions.
        links: Where else one can look.
        window_s: The window's length in seconds.
        drift_share: The share of drifted columns that alarms where a policy names none.
        notice: A sentence that all should read; empty for none.
        now: Seconds since 1970.
    """

    watched: Watched
    past: Past
    journal: Journal
    links: Elsewhere
    window_s: float
    drift_share: float
    notice: Callable[[], str]
    now: Callable[[], float]
    _waited: dict[Lane, float] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Answer:
        """Answer a request; what is not one of the pages gets 404."""
        if asked.path == "/report":
            return self._ask(asked) if asked.method == "POST" else self._report(asked)
        if asked.method == "POST":
            return told("405 Method Not Allowed", "only /report takes a POST")
        if asked.path == "/":
            return self._overview(asked)
        if asked.path == "/api/status":
            return self._status(asked)
        if asked.path.startswith("/models/"):
            return self._model(asked, asked.path.removeprefix("/models/"))
        known = "/, /models/NAME, /api/status, /report, /metrics and /health"
        return told("404 Not Found", f"there are {known}")

    def _overview(self, asked: Asked) -> Answer:
        shown, problem = self._shown(asked)
        decided, made = self._decided(asked, DECISIONS), self._round(shown, problem)
        return page(overview(shown, made, self.links, decided=decided, is_all="all" in asked.fields))

    def _model(self, asked: Asked, model: str) -> Answer:
        shown, problem = self._shown(asked, model)
        decided = self._decided(asked, 3 * DECISIONS, model)
        if not shown and not decided:
            return told("404 Not Found", f"nothing is known here of a model '{model}'; / has those that are")
        made = self._round(shown, problem)
        return page(model_page(model, shown, made, self.links, decided=decided, asked=self._waiting(shown)))

    def _status(self, asked: Asked) -> Answer:
        shown, problem = self._shown(asked)
        return data("200 OK", status(shown, self._round(shown, problem), self._decided(asked, DECISIONS)))

    def _shown(self, asked: Asked, model: str | None = None) -> tuple[list[Shown], str]:
        """What of all models, or of one, somebody may see."""
        if model is not None and not asked.may_read(model):
            return [], ""
        results = [each for each in self.watched.results() if model in (None, each.model)]
        results = [each for each in results if asked.may_read(each.model)]
        checked_s = self.watched.checked_s
        try:
            if model is None:
                history = self.past.of_all([each.model for each in results], checked_s=checked_s)
            else:
                history = self.past.of_model(model, checked_s=checked_s)
        except LifecycleError as error:
            return lanes(
                results, {}, drift_share=self._drift_share
            ), f"closed windows cannot be shown: {error}"
        oldest_s = self.now() - WINDOWS * self.window_s
        drawn = {
            lane: [entry for entry in mine if entry.span.since_s >= oldest_s]
            for lane, mine in history.items()
            if asked.may_read(lane.model)
        }
        recent = {lane: mine for lane, mine in drawn.items() if mine}
        is_first = not self.watched.results()
        stands_since_s = self.now() - _STANDS * self.window_s if is_first else INFINITE
        shown = lanes(results, recent, drift_share=self._drift_share, stands_since_s=stands_since_s)
        return shown, ""

    def _drift_share(self, model: str) -> float:
        wanted = self.watched.policies([model])[model].drift_share
        return self.drift_share if wanted is None else wanted

    def _round(self, shown: Sequence[Shown], problem: str) -> Round:
        now_s = self.now()
        since_s = min((each.history[0].span.since_s for each in shown if each.history), default=now_s)
        span = (max(since_s, now_s - WINDOWS * self.window_s), now_s)
        notice = "; ".join(each for each in (self.notice(), problem) if each)
        return Round(now_s, self.watched.checked_s, self.window_s, span, notice)

    def _decided(self, asked: Asked, count: int, model: str | None = None) -> list[Decision]:
        try:
            if asked.may_read is everything:
                return self.journal.last(count, model)
            found = self.journal.last(MOST_SEARCHED, model)
            return [each for each in found if asked.may_read(each.model)][-count:]
        except LifecycleError as error:
            log.warning("decisions cannot be shown: %s", error)
            return []

    def _report(self, asked: Asked) -> Answer:
        lane = _lane(asked.fields)
        results = self.watched.results() if asked.may_read(lane.model) else ()
        made = [each.report for each in results if each.lane == lane and each.report]
        is_quality = asked.fields.get("kind") == "quality"
        path = (made[0].quality if is_quality else made[0].path) if made else None
        content = _content(path)
        return (
            report(content) if content else told("404 Not Found", "there is no such report of that lane now")
        )

    def _ask(self, asked: Asked) -> Answer:
        """One at a time: a report takes seconds of a core that checks wait for."""
        if not is_own(asked.headers):
            return told("403 Forbidden", "reports are asked for from this monitor's own pages only")
        lane = _lane(asked.fields)
        shown, _ = self._shown(_OURS)
        waited = self._pending(shown)
        if waited and lane not in waited:
            what = str(waited[0]) if asked.may_read(waited[0].model) else "another model"
            return told("409 Conflict", f"a report of {what} is being made; ask again when it is there")
        is_hidden = not asked.may_read(lane.model)
        if is_hidden or (lane not in waited and not self.watched.ask_report(lane)):
            return told("404 Not Found", f"{lane} has no predictions that a report could be made of")
        self._waited.setdefault(lane, self.now())
        if "application/json" in asked.headers.get("accept", ""):
            return data("202 Accepted", {"report": "asked", **lane._asdict()})
        return elsewhere(f"/models/{quote(lane.model, safe='')}")

    def _pending(self, shown: Sequence[Shown]) -> list[Lane]:
        """The lanes whose report was asked for and is not there yet."""
        made = {each.lane: each.result.report for each in shown if each.result}
        for lane, since_s in list(self._waited.items()):
            newest = made.get(lane)
            is_there = newest is not None and newest.made_s > since_s
            if is_there or lane not in made or self.now() - since_s > _PATIENCE_S:
                self._waited.pop(lane, None)
        return list(self._waited)

    def _waiting(self, shown: Sequence[Shown]) -> str:
        mine = {each.lane for each in shown}
        waited = [str(lane) for lane in self._pending(self._shown(_OURS)[0]) if lane in mine]
        return f"A report of {' and '.join(waited)} is being made; it shows up here." if waited else ""


def _lane(fields: Mapping[str, str]) -> Lane:
    return Lane(*(fields.get(name, "") for name in Lane._fields))


def _content(path: Path | None) -> bytes:
    try:
        return path.read_bytes() if path else b""
    except OSError:
        return b""
