"""Starts the prediction log's sealing now and then, as a process of its own, in the elected worker."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable

_logger = logging.getLogger(__name__)

TIMEOUT_S = 1800.0


class Sealer:
    """Runs `python -m serving.prediction_log seal`. Runs in a thread of its own.

    Args:
        is_elected: Whether this worker is the one that does it.
    """

    def __init__(self, is_elected: Callable[[], bool]) -> None:
        self._is_elected = is_elected
        self._stop = threading.Event()

    def run(self, every_s: float) -> None:
        """Seal every so often until `stop` is called."""
        while not self._stop.wait(every_s):
            if self._is_elected():
                self._seal()

    def stop(self) -> None:
        """End; a sealing that is under way goes on by itself and can die at any step."""
        self._stop.set()

    def _seal(self) -> None:
        command = [sys.executable, "-m", "serving.prediction_log", "seal"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            _logger.exception("the prediction log could not be sealed")
            return
        if done.returncode:
            text = done.stderr.decode(errors="replace").strip()[-500:]
            _logger.warning("the prediction log could not be sealed: %s", text)
