"""A token bucket: so many at once, then so many a second."""


class TokenBucket:
    """For one thread.

    Args:
        rate_per_s: How many are let through a second, on average.
        burst: How many at once; at least one.
    """

    __slots__ = ("_at_s", "_burst", "_rate_per_s", "_tokens")

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._rate_per_s, self._burst = rate_per_s, max(1.0, burst)
        self._tokens, self._at_s = self._burst, 0.0

    def take(self, now_s: float) -> float:
        """Let one through.

        Args:
            now_s: A monotonic clock's time.

        Returns:
            0, or for how many seconds nothing is let through, and this one was not.
        """
        tokens = min(self._burst, self._tokens + max(0.0, now_s - self._at_s) * self._rate_per_s)
        self._at_s = now_s
        if tokens >= 1.0:
            self._tokens = tokens - 1.0
            return 0.0
        self._tokens = tokens
        return (1.0 - tokens) / self._rate_per_s
