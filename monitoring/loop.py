"""Rounds at an interval, until the process is asked to stop."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from monitoring.monitor import Monitor
from monitoring.registry import RegistryAwayError
from monitoring.result import Result, line

log = logging.getLogger(__name__)


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


def run_rounds(
    monitor: Monitor, models: Callable[[], list[str]], interval_s: float, stopped: threading.Event
) -> None:
    """Make rounds until `stopped` is set; what is new in each is logged in a line.

    Args:
        monitor: Makes a round.
        models: The models to check, asked anew each round.
        interval_s: Seconds from a round's start to the next one's.
        stopped: Ends the loop.
    """
    said: dict[tuple[str, str], str] = {}
    while not stopped.is_set():
        started = time.monotonic()
        try:
            monitor.round(models())
        except RegistryAwayError as error:
            log.warning("%s; nothing is kept here to go on with", error)
        except Exception:  # the loop's edge
            log.exception("the round failed")
        said = _say_news(monitor.results(), said)
        stopped.wait(max(0.0, interval_s - (time.monotonic() - started)))


def _say_news(results: tuple[Result, ...], said: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Say a version's line when its report or its verdict is new, not at every round."""
    news = {result.key: _gist(result) for result in results}
    for result in results:
        if said.get(result.key) != news[result.key]:
            log.info("%s", line(result))
    return news


def _gist(result: Result) -> str:
    return result.note if result.drift is None else f"{result.is_drifted} {result.report}"
