"""What the spellings of one level share: no case, no marks, one form of each letter."""

import re

from serving.plan.text.composed import composed

MARKS = re.compile(r"[\s_.,;:!?'\"()\-/]+")


def key_of(text: str) -> str:
    """Return what spellings of one level share; the text itself where nothing of it would be left."""
    key = MARKS.sub(" ", composed(text, "NFKC").casefold()).strip()
    return key or text
