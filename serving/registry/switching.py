"""Quicker turns of Python's threads while a version is loaded.

A thread that runs Python code is asked to let go of the interpreter only after 5 ms, which the event loop
would wait after each of its system calls. While loads run, the time is shorter: it costs them little.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_S = 0.0002


class Switching:
    """Shortens the time while somebody is inside `quickly`. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._usual_s = sys.getswitchinterval()

    @contextmanager
    def quickly(self) -> Iterator[None]:
        """Have threads change turns quickly meanwhile."""
        self._enter(1)
        try:
            yield
        finally:
            self._enter(-1)

    def _enter(self, change: int) -> None:
        with self._lock:
            self._inside += change
            sys.setswitchinterval(SWITCH_S if self._inside else self._usual_s)
