"""A cleaned text as measures read it: as it is, in small letters, and as words, each made once."""

import re

WORD = re.compile(r"(?u)\b\w[\w'\u2019-]*\b")


class Reading:
    """A text that was cleaned.

    Args:
        text: What `clean` returned.
    """

    # Plain slots, not functools.cached_property: that holds a lock, which no pickle of this class may.
    __slots__ = ("_lowered", "_words", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._lowered: str | None = None
        self._words: list[str] | None = None

    @property
    def lowered(self) -> str:
        """The text in small letters."""
        if self._lowered is None:
            self._lowered = self.text.lower()
        return self._lowered

    @property
    def words(self) -> list[str]:
        """Its words, in small letters; an apostrophe or a hyphen within one belongs to it."""
        if self._words is None:
            self._words = WORD.findall(self.lowered)
        return self._words
