"""The versions that a worker has loaded, each once, for as long as somebody holds it."""

import threading
import time
import weakref
from collections.abc import Callable

from serving.registry.snapshot import Held
from serving.registry.switching import Switching
from serving.scorers.refusal import LoadError
from serving.scorers.scorer import Scorer

KEEP_TRIED_S = 5.0
TRIALS = 2
"""Trials at a time: they stand beside the loads that requests wait for."""


class Shelf:
    """Keeps loaded versions. Safe to call from several threads, never on the event loop.

    Args:
        load: Loads a version; raises LoadError.
    """

    def __init__(self, load: Callable[[Held], Scorer]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._loading: dict[Held, threading.Lock] = {}
        self._scorers: weakref.WeakValueDictionary[Held, Scorer] = weakref.WeakValueDictionary()
        self._switching = Switching()
        self._trials = threading.Semaphore(TRIALS)
        self._tried: Scorer | None = None
        self._tried_s = 0.0

    def load(self, held: Held) -> Scorer:
        """The version's scorer, loaded if it is not yet.

        Raises:
            LoadError: It cannot be loaded.
        """
        with self._lock:
            mine = self._loading.setdefault(held, threading.Lock())
        with mine:
            scorer = self._scorers.get(held)
            if scorer is None:
                with self._switching.quickly():
                    scorer = self._scorers[held] = self._load(held)
            return scorer

    def trial(self, held: Held) -> str | None:
        """Why a version cannot be served, or None. The last one tried is kept a while."""
        with self._trials:
            try:
                self._tried, self._tried_s = self.load(held), time.monotonic()
            except LoadError as error:
                return str(error)
        return None

    def tidy(self) -> None:
        """Let go of the version that was tried last, once who wanted it has it."""
        if self._tried is not None and time.monotonic() - self._tried_s > KEEP_TRIED_S:
            self._tried = None
