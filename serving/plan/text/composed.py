"""A text's letters and their marks become one form each, in a time that no text can make long.

Normalising sorts the marks upon a letter: a hundred thousand marks upon one would take it seconds, in which
no other thread runs. So a longer text goes piece by piece. A piece ends before an ASCII character, to which
no mark before it belongs; only where LONGEST others follow each other may it end before a mark.
"""

import re
import unicodedata
from typing import Literal

LONGEST = 1000
PIECE = re.compile(rf"[\s\S]{{1,{LONGEST}}}(?![^\x00-\x7f])|[\s\S]{{1,{LONGEST}}}")


def composed(text: str, form: Literal["NFC", "NFKC"]) -> str:
    """Return a text in a Unicode form."""
    return "".join([unicodedata.normalize(form, piece) for piece in PIECE.findall(text)])
