"""A worker's place for one version: empty, being filled, or filled; and what is known of it either way."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from serving.registry.snapshot import Held
from serving.scorers.scorer import Kind, Scorer


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a version since it was first loaded; as in `Scorer`."""

    kind: Kind
    fallback: str
    reason: str
    columns: tuple[tuple[str, str], ...]


class Slot:
    """One version in one worker. For the event loop's thread only.

    Attributes:
        held: The version.
        scorer: Answers for it; None while it is not loaded.
        facts: What is known of it; None until it has been loaded once.
        error: Why it could not be loaded, as a sentence; None unless the last load failed.
        used_s: When it was last asked, by `time.perf_counter`; 0 if never.
        leases: How many hold it: answers that take their time, and a swap that waits for it.
        waiting: Requests that wait for its load.
        size_bytes: The memory that it takes or would take.
        load_s: How long its last load took; 0 if unknown.
        coming: Is done when the load that is queued or under way has ended, well or not.
        urgency: Of the queued load; the lowest is loaded first.
        failures: Failed loads in a row.
        retry_s: When a failed load may be tried again, by `time.perf_counter`.
        left_s: When the last route left it, by `time.perf_counter`; None while one means it.
    """

    __slots__ = (
        "coming", "error", "facts", "failures", "held", "leases", "left_s", "load_s", "retry_s", "scorer",
        "size_bytes", "urgency", "used_s", "waiting",
    )  # fmt: skip

    def __init__(self, held: Held, *, size_bytes: int = 0, load_s: float = 0.0) -> None:
        self.held, self.size_bytes, self.load_s = held, size_bytes, load_s
        self.scorer: Scorer | None = None
        self.facts: Facts | None = None
        self.error: str | None = None
        self.coming: asyncio.Future[None] | None = None
        self.used_s = self.retry_s = 0.0
        self.leases = self.waiting = self.urgency = self.failures = 0
        self.left_s: float | None = None

    @classmethod
    def filled(cls, held: Held, scorer: Scorer) -> Self:
        """A slot whose version is loaded already."""
        slot = cls(held)
        slot.fill(scorer)
        return slot

    def fill(self, scorer: Scorer) -> None:
        """Take the loaded version in."""
        self.scorer, self.error, self.failures = scorer, None, 0
        self.facts = Facts(scorer.kind, scorer.fallback, scorer.reason, scorer.columns)

    @property
    def is_idle(self) -> bool:
        """Whether it is loaded and nobody needs it to stay so."""
        return self.scorer is not None and not self.leases and not self.waiting

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Keep the version loaded while an answer that takes its time is made."""
        self.leases += 1
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """End a lease."""
        self.leases -= 1
        self.used_s = time.perf_counter()
