"""A circuit breaker: after some failures in a row nobody asks for a while, then one request tries.

    closed --failures in a row--> open --wait is over--> half open --a success--> closed
                                    ^------------a failure-----------'

The state is pure: the clock is passed in.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a breaker opens, and for how long.

    Attributes:
        failures: How many in a row open it.
        first_s: How long it stays open at first; twice as long after each failed try.
        longest_s: The longest it stays open.
    """

    failures: int = 5
    first_s: float = 1.0
    longest_s: float = 30.0


class Breaker:
    """One upstream's circuit. For one event loop.

    Attributes:
        is_open: Whether requests are held back, but for one that tries.
        opened: How often it has opened after having been closed.
    """

    def __init__(self, limits: BreakerLimits | None = None) -> None:
        self.is_open, self.opened = False, 0
        self._limits = limits or BreakerLimits()
        self._failures = 0
        self._tries_at = self._wait_s = 0.0
        self._is_trying = False

    def allows(self, now: float) -> bool:
        """Whether a request may be sent now, by a clock in seconds."""
        return not self.is_open or (not self._is_trying and now >= self._tries_at)

    def begins(self) -> None:
        """Note that a request is sent: while open it is the one that tries."""
        self._is_trying = self.is_open

    def succeeded(self) -> None:
        """Note an answer."""
        self._failures = 0
        self.is_open = self._is_trying = False

    def failed(self, now: float) -> None:
        """Note that there was no answer."""
        self._failures += 1
        if self.is_open and self._is_trying:
            self._open(now, min(self._wait_s * 2, self._limits.longest_s))
        elif not self.is_open and self._failures >= self._limits.failures:
            self.opened += 1
            self._open(now, self._limits.first_s)

    def abandoned(self) -> None:
        """Note that the request was given up before it could tell anything."""
        self._is_trying = False

    def _open(self, now: float, wait_s: float) -> None:
        self.is_open, self._is_trying = True, False
        self._wait_s, self._tries_at = wait_s, now + wait_s
