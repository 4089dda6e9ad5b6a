"""Rounds at an interval, until the process is asked to stop; a monitor that is not on duty stands by."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from monitoring.duty import Duty
from monitoring.lane import Lane
from monitoring.metrics import MonitorMetrics
from monitoring.monitor import Monitor
from monitoring.registry import RegistryAwayError
from monitoring.result import Result, line
from monitoring.retraining.loop import Loop
from serving.lifecycle.errors import LifecycleError

log = logging.getLogger(__name__)
STANDBY_S = 5.0
"""A monitor that stands by asks at least so often whether it is needed."""


class StopAsked(BaseException):
    """SIGTERM or SIGINT came; not an Exception, so that a loop's edge lets it pass."""


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Turn SIGTERM and SIGINT into `StopAsked` in the main thread, once; the event stays set.

    The exception ends a wait for MLflow at once. Where it is swallowed (Python drops what is raised in a
    finaliser), the event still ends the loop after its round.
    """
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if not asked.is_set():
            asked.set()
            raise StopAsked

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(slots=True)
class Rounds:
    """Makes rounds while on duty; what is new in each is logged in a line.

    Attributes:
        monitor: Makes a round.
        retraining: What follows from a round.
        duty: Whether this process works or stands by.
        metrics: Where that is told.
        models: The models to check, asked anew each round.
        interval_s: Seconds from a round's start to the next one's.
    """

    monitor: Monitor
    retraining: Loop
    duty: Duty
    metrics: MonitorMetrics
    models: Callable[[], list[str]]
    interval_s: float
    _said: dict[Lane, str] = field(default_factory=dict)
    _is_standby_said: bool = False

    def run(self, stopped: threading.Event) -> None:
        """Make rounds until `stopped` is set."""
        while not stopped.is_set():
            started = time.monotonic()
            pause_s = self.interval_s
            if self._is_on_duty():
                self._round()
            else:
                pause_s = min(pause_s, STANDBY_S)
            self.monitor.woken.wait(max(0.0, pause_s - (time.monotonic() - started)))
            self.monitor.woken.clear()

    def _is_on_duty(self) -> bool:
        try:
            is_mine = self.duty.is_mine()
        except LifecycleError as error:
            log.warning("nobody knows who is on duty (%s); this monitor works", error)
            is_mine = True
        self.metrics.standby.set(not is_mine)
        if is_mine:
            self._is_standby_said = False
        elif not self._is_standby_said:
            log.warning("%s is on duty; this monitor stands by", self.duty.other)
            self._is_standby_said = True
            self.monitor.forget()
        return is_mine

    def _round(self) -> None:
        try:
            models = self.models()
            self.monitor.round(models, stay=self.duty.stay)
            if self._is_on_duty():  # the round may have outlasted the lease
                self.retraining.tick(models)
        except RegistryAwayError as error:
            log.warning("%s; nothing is kept here to go on with", error)
        except Exception:  # the loop's edge
            log.exception("the round failed")
        self._say_news(self.monitor.results())

    def _say_news(self, results: tuple[Result, ...]) -> None:
        """Say a lane's line when its report or its verdict is new, not at every round."""
        news = {result.lane: _gist(result) for result in results}
        for result in results:
            if self._said.get(result.lane) != news[result.lane]:
                log.info("%s", line(result))
        self._said = news


def _gist(result: Result) -> str:
    if result.drift is None:
        return result.note
    return f"{result.is_drifted} {result.is_bad} {result.is_estimate_bad} {result.report}"
