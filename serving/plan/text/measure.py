"""What a measure of a text is: a fixed number of numbers, and JSON from which it is made anew."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from serving.plan.text.reading import Reading


class Measure(Protocol):
    """Numbers of one text. Holds what it needs as plain data; safe for threads; never raises on a text."""

    @property
    def kind(self) -> str:
        """Its name in a plan."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Of its numbers."""
        ...

    def of(self, reading: Reading) -> Sequence[float]:
        """Return the numbers of a text, as many as names, all finite; of an empty text too."""
        ...

    def as_json(self) -> Mapping[str, Any]:
        """Return what `of` needs; the class's `from_json` makes an equal measure of it."""
        ...
