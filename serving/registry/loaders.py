"""The threads that load versions and free them: few, so that a load takes little from what is answered.

They have no lower priority than the event loop. A thread of low priority that holds the interpreter's lock
holds the event loop up with it: with niceness 10 on a busy machine a loaded model's p99 rose tenfold while
others were loaded, and a load took ten times as long.
"""

import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from serving.registry.footprint import taken
from serving.registry.snapshot import Held
from serving.scorers.scorer import Scorer

AT_ONCE = 2

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
        self.pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="load")

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
        started = time.perf_counter()
        scorer = self._load(held)
        return Brought(scorer, taken(scorer, estimated), time.perf_counter() - started)

    def free(self, leaving: list[Scorer]) -> None:
        """Close scorers and give their memory back to the system; to be called in a thread of the pool."""
        if not leaving:
            return
        while leaving:
            _close(leaving.pop())
        # glibc keeps what is freed in small pieces until it is told to return it.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _close(scorer: Scorer) -> None:
    close = getattr(scorer, "close", None)
    if close is not None:
        close()
