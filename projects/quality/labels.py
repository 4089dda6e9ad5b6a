"""Levels of a text that seem to mean the same: they differ in case, spaces, marks or one letter.

Two spellings count as one only where one is rare beside the other, the words that differ are long, and no
digit differs: `Officer II` and `Officer III`, or `2019` and `2020`, are not the same.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from projects.quality.model import LabelClash

Why = Literal["case", "spaces", "marks", "spelling"]

LONG_WORD = 5
RARE = 0.1
"""A misspelling comes at most so often beside the right spelling."""
MEANING = "+<>=%&#"
"""Marks that change what a label means."""
MOST_COMPARED = 400
MOST_CLASHES = 20


def clashes(levels: Sequence[tuple[str, int]]) -> tuple[LabelClash, ...]:
    """Return the groups of levels that seem to mean the same, the most rows first.

    Args:
        levels: Texts with their counts, the most frequent first.
    """
    groups: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for level, count in levels:
        groups[_folded(level)].append((level, count))
    same = [_clash(group, _why(level for level, _ in group)) for group in groups.values() if len(group) > 1]
    firsts = [group[0] for group in groups.values()]
    found = same + _misspelled(firsts[:MOST_COMPARED])
    return tuple(sorted(found, key=lambda clash: -sum(clash.counts))[:MOST_CLASHES])


def _clash(group: Iterable[tuple[str, int]], why: Why) -> LabelClash:
    ordered = sorted(group, key=lambda pair: (-pair[1], pair[0]))
    return LabelClash(tuple(level for level, _ in ordered), tuple(count for _, count in ordered), why)


def _folded(level: str) -> str:
    """Return a level without case, accents, spaces and marks; with marks if it has digits: 1.5 is no 15."""
    plain = unicodedata.normalize("NFKD", level).casefold()
    if any(mark.isdigit() for mark in plain):
        return " ".join(plain.split())
    return "".join(mark for mark in plain if mark.isalnum() or mark in MEANING) or level


def _why(levels: Iterable[str]) -> Why:
    texts = list(levels)
    if len({" ".join(text.split()) for text in texts}) == 1:
        return "spaces"
    if len({" ".join(text.split()).casefold() for text in texts}) == 1:
        return "case"
    return "marks"


def _misspelled(levels: Sequence[tuple[str, int]]) -> list[LabelClash]:
    found = []
    for at, (right, often) in enumerate(levels):
        rare = [(other, count) for other, count in levels[at + 1 :] if count <= RARE * often]
        near = [(other, count) for other, count in rare if _is_near(right, other)]
        if near:
            found.append(_clash([(right, often), *near], "spelling"))
    return found


def _is_near(right: str, other: str) -> bool:
    if abs(len(right) - len(other)) > 1:
        return False
    words, others = right.casefold().split(), other.casefold().split()
    if len(words) != len(others):
        return False
    differing = [(word, twin) for word, twin in zip(words, others, strict=True) if word != twin]
    return len(differing) == 1 and _is_slip(*differing[0])


def _is_slip(word: str, twin: str) -> bool:
    """Whether one letter more, less, swapped or wrong inside a long word makes the other of it."""
    if min(len(word), len(twin)) < LONG_WORD or not (word.isalpha() and twin.isalpha()):
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(word, twin, strict=False)) if a != b), min(len(word), len(twin))
    )
    a, b = word[start:], twin[start:]
    swapped = len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]
