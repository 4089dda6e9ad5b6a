"""Whether a column holds free text: many words, hardly ever twice, and more than a name or an address has.

Measured on the public tables of the benchmarks: headlines have 9.7 words on average and tickets 43.6, and
nearly all differ. Names of passengers have 4.0, names of goods 4.2; the 6.1 words of a credit history are
five levels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

FEWEST_WORDS = 5.0
"""On average; a word has letters and no digit, so that the numbers of an address do not count."""
FEWEST_TEXTS = 20
"""Fewer different ones are levels."""
DISTINCT_SHARE = 0.5
"""Of the cells that hold something; below it texts are levels, however long."""
NUMBERED_SHARE, NUMBERED_WORDS, SMALL_SHARE = 0.8, 10.0, 0.5
"""Where nearly every text has a digit, it is an address or an article of a shop unless it is longer, or half
of its words begin with a small letter as in a sentence."""
LOOKED_AT = 2000
MARKS = 1000
"""Of so many cells so many marks are read: a column's kind shows in them."""
MARKS_A_WORD = 2
"""In scripts that put no blanks between words (Chinese, Japanese, Thai), roughly."""
UNSPACED = (("\u0e00", "\u0eff"), ("\u3040", "\u30ff"), ("\u3400", "\u9fff"))


@dataclass(frozen=True)
class Wordiness:
    """What the texts of a column are like.

    Attributes:
        words: A text, on average.
        distinct: How many different ones.
        share: Of the texts, how many differ: 1 if none comes twice.
        numbered: The share of texts with a digit.
        small: The share of words, between blanks, that begin with a small letter.
    """

    words: float
    distinct: int
    share: float
    numbered: float
    small: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether this is free text."""
        if self.words < FEWEST_WORDS or self.distinct < FEWEST_TEXTS or self.share < DISTINCT_SHARE:
            return False
        is_long = self.words >= NUMBERED_WORDS
        return self.numbered < NUMBERED_SHARE or is_long or self.small >= SMALL_SHARE

    @property
    def told(self) -> str:
        """As a person is told."""
        return f"{self.words:.0f} words on average, {self.share:.0%} of its texts differ"


def wordiness(column: "pd.Series[Any]") -> Wordiness:
    """Look at a column.

    Args:
        column: Texts, and None or NaN for gaps.
    """
    held = column.dropna()
    if not len(held):
        return Wordiness(0.0, 0, 0.0, 0.0)
    distinct = held.nunique()
    at = np.linspace(0, len(held) - 1, min(len(held), LOOKED_AT)).astype(int)
    texts = [str(text)[:MARKS] for text in held.iloc[at]]
    words = float(np.mean([count_words(text) for text in texts]))
    numbered = float(np.mean([any(mark.isdigit() for mark in text) for text in texts]))
    firsts = [piece[0] for text in texts for piece in text.split()]
    small = sum(first.islower() for first in firsts) / max(1, len(firsts))
    return Wordiness(words, int(distinct), distinct / len(held), numbered, small)


def count_words(text: str) -> float:
    """Count the words of a text that have letters and no digit.

    >>> count_words("12 Main Street, Springfield"), count_words("新しい製品が発表された")
    (3.0, 5.5)
    """
    words = 0.0
    for piece in text.split():
        if piece.isascii():
            words += _is_word(piece)
            continue
        unspaced = sum(any(low <= mark <= high for low, high in UNSPACED) for mark in piece)
        words += unspaced / MARKS_A_WORD if unspaced else _is_word(piece)
    return words


def _is_word(piece: str) -> bool:
    has_letter = False
    for mark in piece:
        if mark.isdigit():
            return False
        has_letter = has_letter or mark.isalpha()
    return has_letter
