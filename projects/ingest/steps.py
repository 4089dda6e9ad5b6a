"""What was done, step by step: rows in, rows out, seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Step:
    """One step of an ingestion.

    Attributes:
        name: What was done.
        rows_in: Rows before, where that has a meaning.
        rows_out: Rows after.
        seconds: How long it took.
        details: More, in words.
    """

    name: str
    rows_in: int | None = None
    rows_out: int | None = None
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)


class Steps:
    """The steps of one ingestion, in order."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.done: list[Step] = []

    @contextmanager
    def step(self, name: str, rows_in: int | None = None) -> Iterator[Step]:
        """Time a step; its rows are filled in by the block."""
        step, start = Step(name, rows_in), self._clock()
        self.done.append(step)
        yield step
        step.seconds = round(self._clock() - start, 3)
