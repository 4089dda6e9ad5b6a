"""A text's letters and their marks become one form each, in a time that no text can make long.

Normalising sorts the marks upon a letter: a hundred thousand marks upon one would take it seconds, in which
no other thread runs. So a text is cut before each ASCII character, to which no mark before it belongs, and
where LONGEST others follow each other.
"""

import re
import unicodedata
from typing import Literal

LONGEST = 1000
PIECE = re.compile(rf"[\x00-\x7f]?[^\x00-\x7f]{{1,{LONGEST}}}")


def composed(text: str, form: Literal["NFC", "NFKC"]) -> str:
    """Return a text in a Unicode form."""
    return PIECE.sub(lambda piece: unicodedata.normalize(form, piece.group()), text)
