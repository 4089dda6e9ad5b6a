"""The figures of success: who works with the platform, what it serves, how fast, at what cost."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.metering import hardware, success
from penstock.metering.answers import Answers
from penstock.metering.hardware import Hardware
from penstock.metering.served import Served, served
from penstock.people.person import PENSTOCK, Person
from penstock.problems import Problem
from penstock.services import jobs
from penstock.services.told import as_problems
from penstock.traffic.counted import metrics_texts
from serving.lifecycle.stages import PRODUCTION

if TYPE_CHECKING:
    from penstock.desk import Desk

FRESH_S, SLOW_FRESH_S = 5.0, 60.0
"""For how long figures stand; what takes a look through many rows is looked at less often."""


@dataclass(frozen=True, slots=True)
class Slow:
    """Figures that take a look through many rows.

    Attributes:
        active_day: People who did anything within a day.
        active_week: Likewise within seven days.
        to_production_s: The median time from a model's first job to its first version in Production.
        cost: Of the last thirty days, by the settings' prices.
    """

    active_day: int
    active_week: int
    to_production_s: float | None
    cost: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All of them.

    Attributes:
        taken_s: When, in seconds since 1970.
        counts: Projects, data sets, jobs by state.
        slow: What is looked at less often.
        models: Registered models.
        versions: Their versions by stage.
        served: What the gateways predicted; None while one does not answer.
        predictions_per_s: Since the figures before; None where there were none.
        api_per_s: Answers of this API a second.
        api_p50_s: Half of the recent answers took at most so long; None without any.
        api_p99_s: 99 of 100 did.
        uptime_s: For how long this API has been up.
        hardware: The machine in use.
        currency: What the cost is in.
        missing: What could not be told, and why, as sentences.
    """

    taken_s: float
    counts: success.Counts
    slow: Slow
    models: int
    versions: Mapping[str, int]
    served: Served | None
    predictions_per_s: float | None
    api_per_s: float
    api_p50_s: float | None
    api_p99_s: float | None
    uptime_s: float
    hardware: Hardware
    currency: str
    missing: tuple[str, ...] = ()

    @property
    def in_production(self) -> int:
        """Versions in Production."""
        return self.versions.get(PRODUCTION, 0)


def current(desk: "Desk", person: Person) -> Figures:  # noqa: ARG001 - everybody who is signed in may see them
    """The figures, at most a few seconds old; they tell of no project by itself.

    Raises:
        Away: The database does not answer.
    """
    return desk.figures.current()


class FigureBook:
    """Takes figures at most every few seconds, whoever asks; usable from several threads.

    Args:
        desk: The process's desk.
        answers: What this process has answered.
        clock: Seconds, monotonic.
    """

    def __init__(self, desk: "Desk", answers: Answers, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk, self._answers, self._clock = desk, answers, clock
        self._lock = threading.Lock()
        self._kept: tuple[float, Figures] | None = None
        self._slow: tuple[float, Slow] | None = None

    def current(self) -> Figures:
        """The figures, at most `FRESH_S` old.

        Raises:
            Away: The database does not answer.
        """
        with self._lock:
            now_s = self._clock()
            if self._kept is None or now_s - self._kept[0] > FRESH_S:
                self._kept = (now_s, self._taken(now_s))
            return self._kept[1]

    def _taken(self, now_s: float) -> Figures:
        desk, missing = self._desk, list[str]()
        with as_problems():
            counts = success.counts(desk.database)
        stages, models = self._stages(missing)
        told = self._served(missing)
        p50_s, p99_s = self._answers.quantiles((0.5, 0.99))
        return Figures(
            taken_s=desk.now_s(),
            counts=counts,
            slow=self._slowly(now_s),
            models=models,
            versions=stages,
            served=told,
            predictions_per_s=self._rate(now_s, told),
            api_per_s=self._answers.per_second(),
            api_p50_s=p50_s,
            api_p99_s=p99_s,
            uptime_s=self._answers.uptime_s,
            hardware=hardware.look(),
            currency=desk.settings.price_currency,
            missing=tuple(missing),
        )

    def _stages(self, missing: list[str]) -> tuple[dict[str, int], int]:
        try:
            with as_problems():
                listed = self._desk.versions.listed()
        except Problem as problem:
            missing.append(str(problem))
            return {}, 0
        stages: dict[str, int] = {}
        for held in listed:
            stages[held.stage] = stages.get(held.stage, 0) + 1
        return stages, len({held.name for held in listed})

    def _served(self, missing: list[str]) -> Served | None:
        try:
            return served(metrics_texts(self._desk))
        except Problem as problem:
            missing.append(str(problem))
            return None

    def _rate(self, now_s: float, told: Served | None) -> float | None:
        if self._kept is None or told is None or self._kept[1].served is None:
            return None
        before_s, before = self._kept[0], self._kept[1].served
        # A gateway that has started anew counts from nothing.
        return max(0, told.predictions - before.predictions) / max(now_s - before_s, 1e-3)

    def _slowly(self, now_s: float) -> Slow:
        if self._slow is None or now_s - self._slow[0] > SLOW_FRESH_S:
            desk = self._desk
            with as_problems():
                day, week = success.active_users(
                    desk.database, desk.now_s(), (success.DAY_S, 7 * success.DAY_S)
                )
                try:
                    versions = desk.versions.listed()
                    spent_s = success.requirement_to_production_s(desk.database, versions)
                except Problem:
                    spent_s = None
                # The figures are of all projects; who is shown them, the doors decide.
                cost = jobs.usage(desk, PENSTOCK).cost
            self._slow = (now_s, Slow(day, week, spent_s, cost))
        return self._slow[1]
