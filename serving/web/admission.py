"""How many requests a worker takes on: in all, and of each version that does not answer at once.

A version whose answers take a thread, or another process, gets a place while it holds fewer than `alpha`
times the places that are free. So one alone may take the share alpha / (1 + alpha); two hot ones
alpha / (1 + 2 alpha) each; and however many there are, there is room for one more. This is the dynamic
threshold of Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches" (1998),
by which switches share their buffers. Nobody waits for a place: who gets none is told at once when to come
again.

A version is also full when the ones before would keep a newcomer waiting beyond the patience, by the pace at
which it has lately answered: so what is accepted is in time, whatever the load. Answers that come at once
hold no such place: there the time for which a request has waited for the event loop tells of too much work.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from serving.protocol.errors import RequestError

SMOOTHING = 0.2
MOST_KNOWN = 4096
LONGEST_RETRY_S = 30


class Busy(RequestError):  # noqa: N818 - a state, answered with 429
    """This worker has taken on all that it may; answered with 429 and when to come again."""

    def __init__(self, sentence: str, wait_s: float = 1.0) -> None:
        seconds = min(max(1, math.ceil(wait_s)), LONGEST_RETRY_S)
        super().__init__(429, sentence, reason="busy", headers=((b"retry-after", b"%d" % seconds),))


class _Load:
    """One version's: the places it holds, and the seconds from one of its answers to the next."""

    __slots__ = ("_ended_s", "held", "pace_s")

    def __init__(self) -> None:
        self.held, self.pace_s, self._ended_s = 0, 0.0, 0.0

    def ended(self, started_s: float, now_s: float) -> None:
        spent_s = now_s - max(started_s, self._ended_s)
        self.pace_s += (SMOOTHING if self.pace_s else 1.0) * (spent_s - self.pace_s)
        self._ended_s = now_s


class Admission:
    """Counts what is being answered, and refuses what would be too much. For one event loop.

    Args:
        most: Requests at a time.
        share: The part of them that one version may be given alone.
        at_once: How many requests of one version run at a time; so many never wait, and are never refused
            for the wait.
        patience_s: The longest wait that a request is accepted with.
        longest_lag_s: The longest that a request may have waited for the event loop.
        clock: A monotonic clock, in seconds.

    Attributes:
        in_flight: Requests being answered.
    """

    def __init__(
        self,
        most: int,
        *,
        share: float = 0.75,
        at_once: int = 1,
        patience_s: float = math.inf,
        longest_lag_s: float = math.inf,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.in_flight = self._held = 0
        self._most, self._at_once, self._patience_s, self._clock = most, at_once, patience_s, clock
        self._longest_lag_s = longest_lag_s
        self._alpha = share / (1 - share) if share < 1 else math.inf
        self._loads: dict[tuple[str, str], _Load] = {}

    @contextmanager
    def request(self) -> Iterator[None]:
        """Hold a place for a request.

        Raises:
            Busy: There is none.
        """
        if self.in_flight >= self._most:
            raise Busy(f"this worker is answering {self.in_flight} requests; try again in a second")
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    @contextmanager
    def version(self, model: str, version: str, most: int | None) -> Iterator[None]:
        """Hold a place for an answer of a version that takes its time.

        Args:
            model: The registered model.
            version: The version.
            most: How many places it may hold by its policy; None for no such bound.

        Raises:
            Busy: There is none for it.
        """
        load = self._load((model, version))
        self._check(load, most)
        load.held += 1
        self._held += 1
        started_s = self._clock()
        try:
            yield
        finally:
            load.held -= 1
            self._held -= 1
            load.ended(started_s, self._clock())

    def check_lag(self, arrived_s: float) -> None:
        """See that a request has not waited too long for its turn.

        Args:
            arrived_s: When its last part was read from the socket, by the clock.

        Raises:
            Busy: It has.
        """
        lag_s = self._clock() - arrived_s
        if lag_s > self._longest_lag_s:
            raise Busy(f"this worker is {lag_s:.2f} s behind; try again in a second")

    def _check(self, load: _Load, most: int | None) -> None:
        wait_s = load.held * load.pace_s
        if most is not None and load.held >= most:
            raise Busy(f"this model is answering {load.held} requests, as many as its policy allows", wait_s)
        free = self._most - self._held
        if free <= 0 or load.held >= self._alpha * free:
            raise Busy(f"this model is answering {load.held} requests; try again in a second", wait_s)
        if load.held >= self._at_once and wait_s + load.pace_s > self._patience_s:
            why = f"this model would answer in about {wait_s + load.pace_s:.1f} s"
            raise Busy(f"{why}, which is too late; try again later", wait_s)

    def _load(self, key: tuple[str, str]) -> _Load:
        known = self._loads.get(key)
        if known is None:
            if len(self._loads) >= MOST_KNOWN:
                self._loads = {other: load for other, load in self._loads.items() if load.held}
            known = self._loads[key] = _Load()
        return known
