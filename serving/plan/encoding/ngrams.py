"""A text's letters or words, weighed and projected as scikit-learn's TfidfVectorizer and one matrix do.

The weights are summed, and the projection added up, in scikit-learn's and SciPy's order, so that the numbers
are the same to the last bit.
"""

import re
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from serving.plan.encoding.cells import Matrix

BLANKS = re.compile(r"\s\s+")
WORD = re.compile(r"(?u)\b\w\w+\b")


@dataclass(frozen=True, slots=True)
class Ngrams:
    """What turns a text into numbers.

    Attributes:
        analyzer: `letters` groups letters within words, `words` groups words.
        shortest: The least of a group.
        longest: The most.
        places: The row of `matrix` for each known group.
        idf: The weight of each.
        matrix: The projection, (groups, numbers made).
        scale: What the numbers go through last: `shift` makes (x - a) / b, `stretch` makes x * a + b.
        a: Its first numbers; empty without one.
        b: Its second ones.
    """

    analyzer: Literal["letters", "words"]
    shortest: int
    longest: int
    places: Mapping[str, int]
    idf: Matrix
    matrix: Matrix
    scale: Literal["none", "shift", "stretch"]
    a: Matrix
    b: Matrix

    def vector(self, text: str) -> "array[float]":
        """Return the numbers of one text."""
        return self._scaled(self.projected(text))

    def nothing(self) -> "array[float]":
        """Return the numbers of a gap."""
        return self._scaled(self.projected(""))

    def projected(self, text: str) -> Matrix:
        """Return the numbers of one text before they are scaled, shape (numbers made,)."""
        split = _letters if self.analyzer == "letters" else _words
        groups = split(text.lower(), self.shortest, self.longest)
        find = self.places.get
        counts = Counter(place for group in groups if (place := find(group)) is not None)
        if not counts:
            return np.zeros(self.matrix.shape[1])
        at = np.array(sorted(counts), dtype=np.intp)
        weights = np.array([counts[place] for place in at.tolist()], dtype=np.float64)
        np.log(weights, weights)
        weights += 1.0
        weights *= self.idf[at]
        # A running sum, not numpy's pairwise one, is what scikit-learn's loop makes.
        weights /= np.sqrt(np.cumsum(weights * weights)[-1])
        return _projected(weights, self.matrix[at])

    def _scaled(self, numbers: Matrix) -> "array[float]":
        if self.scale == "shift":
            numbers = (numbers - self.a) / self.b
        elif self.scale == "stretch":
            numbers = numbers * self.a + self.b
        return array("d", numbers.tobytes())


def _projected(weights: Matrix, rows: Matrix) -> Matrix:
    """Add up the rows from the first to the last, as SciPy does for each row of a sparse matrix."""
    weighed = weights[:, None] * rows
    if weighed.shape[1] == 1:  # numpy would add up a single column in pairs
        return np.cumsum(weighed[:, 0])[-1:]
    total: Matrix = np.add.reduce(weighed, axis=0)
    return total


def _letters(text: str, shortest: int, longest: int) -> list[str]:
    groups: list[str] = []
    for word in BLANKS.sub(" ", text).split():
        padded = f" {word} "
        for size in range(shortest, longest + 1):
            if size >= len(padded):  # a short word counts once
                groups.append(padded)
                break
            groups.extend([padded[at : at + size] for at in range(len(padded) - size + 1)])
    return groups


def _words(text: str, shortest: int, longest: int) -> list[str]:
    words = WORD.findall(text)
    groups = list(words) if shortest == 1 else []
    for size in range(max(shortest, 2), longest + 1):
        groups.extend([" ".join(words[at : at + size]) for at in range(len(words) - size + 1)])
    return groups
