"""A cleaned text as measures read it: as it is, in small letters, and as words, each made once."""

import re
from functools import cached_property

WORD = re.compile(r"(?u)\b\w[\w'\u2019-]*\b")


class Reading:
    """A text that was cleaned.

    Args:
        text: What `clean` returned.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def lowered(self) -> str:
        """The text in small letters."""
        return self.text.lower()

    @cached_property
    def words(self) -> list[str]:
        """Its words, in small letters; an apostrophe or a hyphen within one belongs to it."""
        return WORD.findall(self.lowered)
