"""Progress as lines: each step says what it does before, and what came of it after."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Write = Callable[[str], None]


def write_now(text: str) -> None:
    """Print a piece of a line at once, also into a pipe."""
    print(text, end="", flush=True)


@dataclass
class Step:
    """A running step; what it learns goes into `result`."""

    result: str = "done"


@dataclass
class Progress:
    """Numbers the steps of one training.

    Attributes:
        total: How many steps there will be.
        write: Where the text goes.
        clock: Seconds, monotonic.
    """

    total: int
    write: Write = write_now
    clock: Callable[[], float] = time.monotonic
    _done: int = field(default=0, init=False)
    _is_line_open: bool = field(default=False, init=False)

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """Print `[3/8] what ... result (2.1 s)` around the work inside."""
        self._done += 1
        self.write(f"[{self._done}/{self.total}] {what} ... ")
        self._is_line_open = True
        started, step = self.clock(), Step()
        try:
            yield step
        except BaseException:
            self._end_line()
            raise
        lead = "" if self._is_line_open else f"[{self._done}/{self.total}] {what}: "
        self.write(f"{lead}{step.result} ({self.clock() - started:.1f} s)\n")
        self._is_line_open = False

    def note(self, sentence: str) -> None:
        """Print a line that belongs to the running step."""
        self._end_line()
        self.write(f"      {sentence}\n")

    def say(self, line: str) -> None:
        """Print a line of its own."""
        self._end_line()
        self.write(f"{line}\n")

    def _end_line(self) -> None:
        if self._is_line_open:
            self.write("\n")
            self._is_line_open = False
