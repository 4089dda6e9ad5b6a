"""What a process holds once for all who need it: loaded models, and what they answered.

It lies among Python's modules, not in a global of this one: classes that are pickled by value take the
globals that they reach along.
"""

import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

LAYOUT = "_penstock_shelf_1"
"""Its name among Python's modules; another number for another layout."""
MOST_BYTES = 256_000_000
"""Of answers that are kept in a process: 130,000 of 384 numbers."""
RECENT = 8
"""Trained vectors that are held: those of five folds and of all rows."""
A_KEY = 250
"""Bytes that an entry takes beside its numbers, about."""


class Shelf:
    """Loaded models, and vectors that were computed: of these the least recently used are given up first.

    Args:
        most_bytes: Of vectors.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.lock = threading.Lock()
        self.most_bytes = most_bytes
        self.bytes = 0
        self._making: dict[Hashable, Any] = {}
        self._made: dict[Hashable, Any] = {}
        self._recent: OrderedDict[Hashable, Any] = OrderedDict()
        self._vectors: OrderedDict[Hashable, NDArray[np.float32]] = OrderedDict()

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made for a key; the first who asks makes it, and others wait."""
        with self._lock_of(key):
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

    def recent(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made for a key, of which the last RECENT are held."""
        with self._lock_of(key):
            with self.lock:
                made = self._recent.pop(key, None)
            made = make() if made is None else made
            with self.lock:
                self._recent[key] = made
                if len(self._recent) > RECENT:
                    self._making.pop(self._recent.popitem(last=False)[0], None)
            return made

    def _lock_of(self, key: Hashable) -> Any:
        with self.lock:
            return self._making.setdefault(key, threading.Lock())

    def vector(self, key: Hashable) -> NDArray[np.float32] | None:
        """Return what was computed for a key; None where it was not, or was given up."""
        with self.lock:
            if key in self._vectors:
                self._vectors.move_to_end(key)
            return self._vectors.get(key)

    def keep(self, key: Hashable, vector: NDArray[np.float32]) -> None:
        """Keep what was computed."""
        with self.lock:
            if key not in self._vectors:
                # A row of a matrix would keep all of it in memory.
                self._vectors[key] = vector.copy()
                self.bytes += vector.nbytes + A_KEY
            while self.bytes > self.most_bytes:
                self.bytes -= self._vectors.popitem(last=False)[1].nbytes + A_KEY


def shelf() -> Any:
    """Return this process's shelf; a forked process has its own, as a lock may have been held in the fork."""
    name = f"{LAYOUT}_{os.getpid()}"
    if name not in sys.modules:
        made = ModuleType(name)
        vars(made)["shelf"] = Shelf()
        # Of two threads that come at once, the first one's is taken by both.
        sys.modules.setdefault(name, made)
    return vars(sys.modules[name])["shelf"]
