"""What the API has answered: counted by the route's template and the status, never by what a request says."""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
RECENT, RECENT_S = 5000, 300.0
"""Answers that latency and throughput are told of, and for how long they count as recent."""


@dataclass(slots=True)
class Timed:
    """How long a route's answers took.

    Attributes:
        counts: Answers by bucket of `BUCKETS_S`; the last are those beyond.
        total_s: All their seconds.
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    total_s: float = 0.0


class Answers:
    """One process's answers. Counted on the event loop, read from any thread.

    Args:
        clock: Seconds, monotonic.

    Attributes:
        started_s: When counting began, by the clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.started_s, self._clock = clock(), clock
        self._statuses: dict[tuple[str, str, int], int] = {}
        self._timed: dict[tuple[str, str], Timed] = {}
        self._recent: deque[tuple[float, float]] = deque(maxlen=RECENT)

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        key = (method, route, status)
        self._statuses[key] = self._statuses.get(key, 0) + 1
        timed = self._timed.get((method, route)) or self._timed.setdefault((method, route), Timed())
        timed.counts[bisect_left(BUCKETS_S, seconds)] += 1
        timed.total_s += seconds
        self._recent.append((self._clock(), seconds))

    def statuses(self) -> dict[tuple[str, str, int], int]:
        """How many by method, route and status."""
        return dict(self._statuses)

    def timed(self) -> dict[tuple[str, str], Timed]:
        """How long they took by method and route."""
        return dict(self._timed)

    @property
    def uptime_s(self) -> float:
        """For how long answers have been counted."""
        return self._clock() - self.started_s

    def quantiles(self, shares: Sequence[float]) -> list[float | None]:
        """The seconds that a share of the recent answers took at most; None where there are none."""
        recent = sorted(seconds for _, seconds in self._fresh())
        if not recent:
            return [None] * len(shares)
        return [recent[min(len(recent) - 1, int(share * len(recent)))] for share in shares]

    def per_second(self) -> float:
        """Recent answers a second."""
        recent = self._fresh()
        if not recent:
            return 0.0
        # A full row of them began later than the time that counts as recent.
        spent_s = self._clock() - recent[0][0] if len(recent) == RECENT else min(RECENT_S, self.uptime_s)
        return len(recent) / max(spent_s, 1.0)

    def _fresh(self) -> list[tuple[float, float]]:
        oldest_s = self._clock() - RECENT_S
        return [each for each in tuple(self._recent) if each[0] >= oldest_s]
