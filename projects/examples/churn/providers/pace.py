"""No more requests a minute than are allowed, over all threads: each waits for a time of its own."""

import threading
import time
from collections.abc import Callable

Clock = Callable[[], float]
Sleep = Callable[[float], None]


class Pace:
    """Hands out times that lie evenly apart.

    Args:
        per_minute: The most requests a minute.
        clock: Seconds, monotonic.
        sleep: Waits for seconds.
    """

    def __init__(
        self, per_minute: float, *, clock: Clock = time.monotonic, sleep: Sleep = time.sleep
    ) -> None:
        self._apart = 60.0 / per_minute
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next = clock()

    def wait(self) -> None:
        """Wait until the next request may go."""
        with self._lock:
            now = self._clock()
            at = max(now, self._next)
            self._next = at + self._apart
        if at > now:
            self._sleep(at - now)

    def hold(self, seconds: float) -> None:
        """Let nobody go for a time: the server asked for it."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)
