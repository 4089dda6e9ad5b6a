"""A live bar of what is under way: in a notebook or a terminal, not in a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from projects.learning.trial import Tried


@contextmanager
def bar(what: str, total: int | None, unit: str, *, show: bool | None) -> Iterator["Bar"]:
    """Show a bar while something goes on.

    Args:
        what: What goes on.
        total: How many steps there are at most; None where that is not known.
        unit: One step.
        show: Whether it is shown; None shows it where somebody watches: in a notebook or a terminal.
    """
    from tqdm.auto import tqdm

    shown = tqdm(total=total, desc=what, unit=f" {unit}", disable=None if show is None else not show)
    try:
        yield Bar(shown)
    finally:
        shown.close()


class Bar:
    """Moves a bar; it is a search's log too.

    Args:
        shown: tqdm's.
    """

    def __init__(self, shown: Any) -> None:
        self._shown = shown

    def step(self, note: str = "", steps: int = 1) -> None:
        """Move on."""
        if note:
            self._shown.set_postfix_str(note, refresh=False)
        self._shown.update(steps)

    def candidate(self, tried: Tried) -> None:
        """A model was compared."""
        self.step(_told(tried))

    def trial(self, tried: Tried) -> None:
        """Parameters were tried."""
        self.step(_told(tried))

    def loss(self, name: str, step: int, value: float) -> None:
        """Rounds inside a fit move nothing."""


def _told(tried: Tried) -> str:
    return (
        f"{tried.name} {tried.mean(len(tried.scores)):.4f}" if tried.scores else f"{tried.name} {tried.state}"
    )
