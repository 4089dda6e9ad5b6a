"""The threads that load versions: few, at low priority, and quick to hand the interpreter back.

A load is seconds of work beside an event loop that answers in microseconds. While one runs, threads change
turns more often than Python's 5 ms, which would be the event loop's wait after each system call.
"""

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from serving.registry.footprint import measured, resident_bytes
from serving.registry.snapshot import Held
from serving.scorers.scorer import Scorer

AT_ONCE = 2
NICENESS = 10
SWITCH_S = 0.0002

Load = Callable[[Held], Scorer]


@dataclass(frozen=True, slots=True)
class Brought:
    """A loaded version, what it takes and how long it took."""

    scorer: Scorer
    size_bytes: int
    spent_s: float


class Loaders:
    """Loads versions and frees them. Safe to call from several threads.

    Args:
        load: Loads a version; raises LoadError.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._running = self._changes = 0
        self._usual_s = sys.getswitchinterval()
        self.pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="load", initializer=_step_back)

    def bring(self, held: Held, estimated: int, leaving: list[Scorer]) -> Brought:
        """Free what leaves, then load a version; to be called in a thread of the pool.

        Args:
            held: The version.
            estimated: The bytes that it is expected to take.
            leaving: Emptied, so that nothing holds them here.

        Raises:
            LoadError: It cannot be loaded.
        """
        self.free(leaving)
        with self._turns() as changes:
            before, started = resident_bytes(), time.perf_counter()
            scorer = self._load(held)
            spent_s, after = time.perf_counter() - started, resident_bytes()
            is_alone = self._changes == changes and self._running == 1
        grown = after - before if is_alone and before is not None and after is not None else None
        return Brought(scorer, measured(scorer, estimated, grown), spent_s)

    def free(self, leaving: list[Scorer]) -> None:
        """Close scorers and give their memory back to the system; to be called in a thread of the pool."""
        if not leaving:
            return
        self._changes += 1
        while leaving:
            close = getattr(leaving.pop(), "close", None)
            if close is not None:
                close()
        del close
        _trim()

    @contextmanager
    def _turns(self) -> Iterator[int]:
        with self._lock:
            self._running += 1
            self._changes += 1
            changes = self._changes
            sys.setswitchinterval(SWITCH_S)
        try:
            yield changes
        finally:
            with self._lock:
                self._running -= 1
                if not self._running:
                    sys.setswitchinterval(self._usual_s)


def _step_back() -> None:
    """Lower this thread's priority; on Linux a thread has its own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _trim() -> None:
    """Have the allocator return what it holds free, where it can (glibc)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
