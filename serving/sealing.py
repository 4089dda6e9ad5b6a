"""Starts the prediction log's upkeep now and then, as a process of its own, in the elected worker."""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

_logger = logging.getLogger(__name__)

TIMEOUT_S = 1800.0
FIRST_RETRY_S = 5.0
"""After a refusal the next try comes after this, then after twice as long, up to the usual time."""


class Sealer:
    """Runs `python -m serving.prediction_log upkeep`. Runs in a thread of its own.

    Args:
        is_elected: Whether this worker is the one that does it.
        retention: How many days each model's log is kept, for models whose policy says so.

    Attributes:
        kinds: How many sealed outcomes were of which kind, since the worker started.
        failures: How many rounds did not do all that they should.
        problem: What was wrong with the last round, as a sentence; None if nothing was.
    """

    def __init__(
        self, is_elected: Callable[[], bool], retention: Callable[[], Mapping[str, float]] = dict
    ) -> None:
        self.kinds: dict[str, int] = {}
        self.failures = 0
        self.problem: str | None = None
        self._backlog: Mapping[str, Any] = {}
        self._is_elected, self._retention = is_elected, retention
        self._stop = threading.Event()

    def run(self, every_s: float) -> None:
        """Keep the log up every so often until `stop` is called."""
        retry_s = wait_s = every_s
        while not self._stop.wait(wait_s):
            if self._is_elected():
                self._keep_up()
            retry_s = min(every_s, 2 * retry_s) if self.problem else min(every_s, FIRST_RETRY_S / 2)
            wait_s = retry_s if self.problem else every_s

    def stop(self) -> None:
        """End; an upkeep that is under way goes on by itself and can die at any step."""
        self._stop.set()

    def backlog(self, now_s: float) -> tuple[int, int, float]:
        """The files that wait to be uploaded, their bytes, and how long the oldest has waited, in seconds."""
        oldest_s = self._backlog.get("oldest_s")
        age_s = 0.0 if oldest_s is None else max(0.0, now_s - oldest_s)
        return self._backlog.get("files", 0), self._backlog.get("bytes", 0), age_s

    def _keep_up(self) -> None:
        command = [sys.executable, "-m", "serving.prediction_log", "upkeep", "--json"]
        command += ["--retention", json.dumps(dict(self._retention()))]
        started = time.monotonic()
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
            report = json.loads(done.stdout) if done.stdout else {}
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            self._failed(f"it did not end as it should after {time.monotonic() - started:.0f} s: {error}")
            return
        if report is None:  # another process is at it
            return
        if not report:
            self._failed(done.stderr.strip()[-500:])
            return
        self._backlog = report["backlog"]
        for kind, count in report["outcomes"].items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count
        if report["problems"]:
            self._failed("; ".join(report["problems"])[:500])
        else:
            self.problem = None

    def _failed(self, why: str) -> None:
        self.failures += 1
        if self.problem is None:
            _logger.warning("the prediction log could not be kept up: %s", why)
        self.problem = why
