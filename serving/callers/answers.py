"""What somebody far away said, kept for a while; while they are away, it goes on for some minutes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from serving.callers.asking import UsersAway

T = TypeVar("T")

REFUSAL_S = 5.0
"""For how long a refusal holds."""

AWAY_S = 2.0
"""For how long nobody is asked again after no answer came."""

GRACE_S = 300.0
"""For how long the last answer goes on while none comes."""

MOST_HELD = 20_000
LOCKS = 64


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    said: T | None
    at_s: float


class Answers(Generic[T]):
    """Answers by what was asked; None is a refusal. Usable from several threads.

    One question is asked once at a time, however many threads want to know.

    Args:
        ttl_s: For how long an answer holds.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, ttl_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl_s, self._clock = ttl_s, clock
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()
        self._lock = threading.Lock()
        self._asking = [threading.Lock() for _ in range(LOCKS)]
        self._away_until_s = float("-inf")

    def held(self, question: Hashable) -> T | None:
        """The answer, if a good one is held; without asking."""
        kept = self._kept.get(question)
        return kept.said if kept and self._holds(kept) else None

    def last(self, question: Hashable) -> T | None:
        """The last answer, if it was a good one, however long ago; without asking."""
        kept = self._kept.get(question)
        return kept.said if kept else None

    def get(self, question: Hashable, ask: Callable[[], T | None]) -> T | None:
        """The answer, held or asked for.

        Args:
            question: What it is held by; never a secret itself.
            ask: Asks; raises UsersAway where nobody answers.

        Raises:
            UsersAway: Nobody answers, and nothing was said lately.
        """
        if (kept := self._kept.get(question)) and self._holds(kept):
            return kept.said
        with self._asking[hash(question) % LOCKS]:
            kept = self._kept.get(question)
            if kept and self._holds(kept):
                return kept.said
            return self._asked(question, ask, kept)

    def forget(self, is_meant: Callable[[Hashable], bool] | None = None) -> None:
        """Ask anew from now on: all questions, or those that are meant."""
        with self._lock:
            for question in [one for one in self._kept if is_meant is None or is_meant(one)]:
                del self._kept[question]

    def _asked(self, question: Hashable, ask: Callable[[], T | None], kept: _Kept[T] | None) -> T | None:
        try:
            said = self._unless_away(ask)
        except UsersAway:
            if kept and kept.said is not None and self._clock() - kept.at_s < self._ttl_s + GRACE_S:
                return kept.said
            raise
        with self._lock:
            self._kept[question] = _Kept(said, self._clock())
            self._kept.move_to_end(question)
            if len(self._kept) > MOST_HELD:
                self._kept.popitem(last=False)
        return said

    def _unless_away(self, ask: Callable[[], T | None]) -> T | None:
        if self._clock() < self._away_until_s:
            raise UsersAway("it did not answer a moment ago")
        try:
            return ask()
        except UsersAway:
            self._away_until_s = self._clock() + AWAY_S
            raise

    def _holds(self, kept: _Kept[T]) -> bool:
        limit_s = self._ttl_s if kept.said is not None else min(REFUSAL_S, self._ttl_s)
        return self._clock() - kept.at_s < limit_s
