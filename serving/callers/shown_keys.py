"""The service keys of a process that answers from threads: looked up in memory, followed by their stamp."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from serving.keys.key import Key
from serving.keys.ring import Ring
from serving.keys.store import KeyStore
from serving.keys.watch import KeyWatch
from serving.lifecycle.database import Database

LOOK_EVERY_S = 1.0
MISSED_EVERY_S = 0.2
"""How soon the store is asked again for a key that is not known: it may be new, or a guess."""
BEARER = "bearer "


class ShownKeys:
    """Tells the key that somebody shows. Usable from several threads.

    Args:
        database: Where the keys are.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._ring = Ring(1, time.time)
        self._watch = KeyWatch(KeyStore(database, now=lambda: datetime.now(UTC)), self._ring)
        self._clock, self._looked_s = clock, float("-inf")
        self._lock = threading.Lock()

    @property
    def problem(self) -> str | None:
        """Why the keys cannot be read, if they cannot."""
        return self._watch.problem

    def held(self, text: str) -> Key | None:
        """The key of a text, if that is known from memory that is fresh."""
        return self._known(text) if self._clock() - self._looked_s < LOOK_EVERY_S else None

    def find(self, text: str) -> Key | None:
        """The key of a text; None if there is none like it, or it has ended. May read the database."""
        self._look(LOOK_EVERY_S)
        if (key := self._known(text)) is not None:
            return key
        self._look(MISSED_EVERY_S)
        return self._known(text)

    def look(self) -> None:
        """Read the keys that have changed now, as after making or revoking one here."""
        self._look(0.0)

    def wait_s(self, key: Key) -> float:
        """Count a use of a key; gives 0, or for how many seconds its rate lets nothing through."""
        with self._lock:
            held = self._ring.held(key.key_id)
            if held is None:
                return 0.0
            wait_s = held.bucket.take(self._clock()) if held.bucket else 0.0
            if not wait_s:
                self._ring.count(held)
                self._ring.drain()
            return wait_s

    def _look(self, every_s: float) -> None:
        with self._lock:
            if self._clock() - self._looked_s >= every_s:
                self._watch.look()
                self._looked_s = self._clock()

    def _known(self, text: str) -> Key | None:
        held = self._ring.find(text.encode("utf-8", "replace"))
        return held.key if held else None


def shown_key(headers: Mapping[str, str]) -> str:
    """The key that a request shows as `X-API-Key` or `Authorization: Bearer`; empty if it shows none.

    Args:
        headers: The request's; names in small letters, or a mapping that does not tell them apart.
    """
    if key := headers.get("x-api-key"):
        return key.strip()
    shown = headers.get("authorization", "")
    return shown[len(BEARER) :].strip() if shown[: len(BEARER)].lower() == BEARER else ""
