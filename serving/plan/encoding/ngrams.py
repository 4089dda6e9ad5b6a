"""A text's letters or words, weighed and projected as scikit-learn's TfidfVectorizer and one matrix do.

The weights are summed, and the projection added up, in scikit-learn's and SciPy's order, so that the numbers
are the same to the last bit.
"""

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from serving.plan.encoding.cells import Matrix

WORD = re.compile(r"(?u)\b\w\w+\b")
MOST_REMEMBERED, LONGEST_REMEMBERED = 20_000, 40
"""Words whose groups of letters are remembered, and their letters: a few MB."""


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
        remembered: Words of late, and the rows of their groups of letters: words come again.
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
    remembered: dict[str, list[int]] = field(default_factory=dict, repr=False, compare=False)

    def vector(self, text: str) -> "array[float]":
        """Return the numbers of one text."""
        return self._scaled(self.projected(text))

    def nothing(self) -> "array[float]":
        """Return the numbers of a gap."""
        return self._scaled(self.projected(""))

    def projected(self, text: str) -> Matrix:
        """Return the numbers of one text before they are scaled, shape (numbers made,)."""
        places = self._places(text.lower())
        if not places:
            return np.zeros(self.matrix.shape[1])
        at, counts = np.unique(np.array(places, dtype=np.intp), return_counts=True)
        weights = counts.astype(np.float64)
        np.log(weights, weights)
        weights += 1.0
        weights *= self.idf[at]
        # A running sum, not numpy's pairwise one, is what scikit-learn's loop makes.
        weights /= np.sqrt(np.cumsum(weights * weights)[-1])
        return _projected(weights, self.matrix[at])

    def _places(self, text: str) -> list[int]:
        """Return the rows of a text's known groups, as often as each comes."""
        if self.analyzer == "words":
            return self._found(_words(text, self.shortest, self.longest))
        places: list[int] = []
        known = self.remembered
        for word in text.split():
            found = known.get(word)
            places += self._of_new(word) if found is None else found
        return places

    def _of_new(self, word: str) -> list[int]:
        found = self._found(_letters(word, self.shortest, self.longest))
        if len(word) <= LONGEST_REMEMBERED:
            if len(self.remembered) >= MOST_REMEMBERED:
                self.remembered.clear()
            self.remembered[word] = found
        return found

    def _found(self, groups: list[str]) -> list[int]:
        return [place for place in map(self.places.get, groups) if place is not None]

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


def _letters(word: str, shortest: int, longest: int) -> list[str]:
    groups: list[str] = []
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
