"""Keeps a worker's keys equal to the store's, and tells it when they were used; not on the event loop."""

import logging
from datetime import datetime

from serving.keys.ring import Ring
from serving.keys.store import KeyStore
from serving.lifecycle.errors import LifecycleError

_logger = logging.getLogger(__name__)

NOTE_EVERY = 60
"""Looks between two notes of when keys were used."""


class KeyWatch:
    """Follows the store; with the store away, the worker goes on with what it holds.

    Args:
        store: Where the keys are.
        ring: Where this worker holds them.

    Attributes:
        problem: Why the store could not be read at the last look; None if it could.
    """

    def __init__(self, store: KeyStore, ring: Ring) -> None:
        self.problem: str | None = None
        self._store, self._ring = store, ring
        self._stamp: str | None = None
        self._looks = 0
        self._unwritten: dict[str, datetime] = {}

    def look(self) -> None:
        """Read the keys if they have changed."""
        self._looks += 1
        if self._looks % NOTE_EVERY == 0:
            self.note()
        try:
            # The stamp first: a change in between is seen at the next look.
            stamp = self._store.stamp()
            if stamp != self._stamp:
                self._ring.replace(self._store.listed())
                self._stamp = stamp
        except LifecycleError as error:
            self._failed(error)
            return
        if self.problem:
            _logger.warning("the API keys can be read again")
        self.problem = None

    def note(self) -> None:
        """Bring the store when keys were used; what it does not take is brought the next time."""
        times = self._unwritten | self._ring.drain_used()
        if not times:
            return
        self._unwritten = times
        try:
            self._store.used(times)
        except LifecycleError as error:
            self._failed(error)
            return
        self._unwritten = {}

    def _failed(self, error: LifecycleError) -> None:
        if self.problem is None:
            _logger.warning("the API keys cannot be read; those known go on: %s", error)
        self.problem = f"the API keys cannot be read: {error}"
