"""What is done now and then beside the jobs: the sweep of old data sets, and removals that are not over."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from penstock.desk import Desk
from penstock.retention import people
from penstock.retention.sweep import sweep

_logger = logging.getLogger(__name__)
SWEEP_S = 3600.0
REPEAT_S = 30.0
"""How often removals that wait for open segments, or for damaged files, are tried again."""


@dataclass
class Clock:
    """A thread that does it; a context manager.

    Args:
        desk: The desk.
        sweep_s: How often data sets are swept.
        repeat_s: How often removals are repeated.
    """

    desk: Desk
    sweep_s: float = SWEEP_S
    repeat_s: float = REPEAT_S
    failures: int = 0
    _damaged: frozenset[str] = frozenset()
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        tasks = {self._repeat: self.repeat_s, self._sweep: self.sweep_s}
        due = dict.fromkeys(tasks, time.monotonic() + min(tasks.values()))
        while not self._stop.wait(min(1.0, self.repeat_s)):
            for task, every_s in tasks.items():
                if time.monotonic() >= due[task]:
                    self._tried(task)
                    due[task] = time.monotonic() + every_s

    def _tried(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - the loop's edge: the next turn tries again
            self.failures += 1
            _logger.warning(
                "%s could not be done: %s: %s", task.__name__.strip("_"), type(error).__name__, error
            )

    def _sweep(self) -> None:
        report = sweep(self.desk)
        for problem in report.problems:
            _logger.warning("%s", problem)
        if report.removed or report.kept:
            _logger.info(
                "%d old data sets removed, %d kept: %s",
                len(report.removed), len(report.kept), "; ".join(each.why for each in report.kept[:5]),
            )  # fmt: skip

    def _repeat(self) -> None:
        tried = people.repeat(self.desk)
        done = [erasure for erasure in tried if erasure.done_s]
        if done:
            _logger.info("%d removals from the prediction log are over", len(done))
        damaged = frozenset(name for erasure in tried for name in erasure.damaged_files)
        for name in sorted(damaged - self._damaged):
            _logger.warning(
                "a removal waits: '%s' of the prediction log cannot be read; restore it or move it away", name
            )
        self._damaged = damaged
