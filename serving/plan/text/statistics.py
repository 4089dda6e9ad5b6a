"""What a text looks like: how long it and its words are, how much of it is capitals and other marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log1p
from typing import Any, ClassVar, Self

from serving.plan.text.reading import Reading


@dataclass(frozen=True, slots=True)
class Statistics:
    """Four numbers: log(1 + words), characters a word, and the shares of capitals and of other marks."""

    kind: ClassVar[str] = "statistics"
    names: ClassVar[tuple[str, ...]] = ("log_words", "word_length", "capitals", "marks")

    def of(self, reading: Reading) -> Sequence[float]:
        """Return the numbers of a text; zeros for an empty one."""
        text, words = reading.text, reading.words
        if not text:
            return (0.0, 0.0, 0.0, 0.0)
        length = sum(map(len, words)) / len(words) if words else 0.0
        capitals = sum(map(str.isupper, text))
        letters = sum(map(str.isalpha, text))
        marks = len(text) - letters - text.count(" ")
        return (log1p(len(words)), length, capitals / max(letters, 1), marks / len(text))

    def as_json(self) -> Mapping[str, Any]:
        """Return nothing: all texts are measured alike."""
        return {}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:  # noqa: ARG003 - as all measures are made
        """Make the measure."""
        return cls()
