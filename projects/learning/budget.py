"""The wall-clock budget of a search, some of which is kept back for the last fit."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Budget:
    """Seconds that go by.

    Attributes:
        seconds: In all; infinite for no bound.
        clock: Monotonic.
        reserve: Kept back, at most half of all.
    """

    seconds: float
    clock: Callable[[], float] = time.monotonic
    reserve: float = 0.0
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.clock() - self._started

    @property
    def left(self) -> float:
        """Seconds to search in, without those kept back."""
        return self.seconds - self.spent - min(self.reserve, self.seconds / 2)

    @property
    def deadline(self) -> float:
        """When the search must end, by the clock."""
        return self.clock() + self.left
