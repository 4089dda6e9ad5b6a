"""How far a long step has come and how long it will take, said now and then."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY_S = 20.0


@dataclass
class TimeLeft:
    """Says progress every 20 seconds; a step that is over before says nothing.

    Attributes:
        what: The step.
        say: Hears a sentence.
        clock: Seconds, monotonic.
        start: What was done before.
    """

    what: str
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    start: int = 0
    _begun: float = field(default=-1.0, init=False)
    _said: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._begun = self._said = self.clock()

    def tell(self, done: int, total: int) -> None:
        """Note how much is done; say it if the last time was long ago."""
        now = self.clock()
        if now - self._said < EVERY_S or done <= self.start:
            return
        self._said = now
        left = (now - self._begun) * (total - done) / (done - self.start)
        self.say(f"{self.what}: {done / max(total, 1):.0%}, about {duration(left)} left")


def duration(seconds: float) -> str:
    """Write a time for a person.

    >>> duration(12), duration(300), duration(8000)
    ('12 s', '5 min', '2.2 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
