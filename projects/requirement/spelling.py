"""A word that nobody knows is read as the nearest one that is known here, and it is said."""

from collections.abc import Iterable, Sequence

from projects.requirement.words import Token, stem

SHORTEST = 5


def corrected(sentence: Sequence[Token], known: Iterable[str], common: Iterable[str]) -> tuple[Token, ...]:
    """Replace words that are neither known nor common by the one known word that is nearest.

    A word of 5 to 7 letters may differ by one edit from it, a longer one by two; the first letter is the
    same. A tie leaves the word as it is.
    """
    vocabulary, usual = {word for word in known if len(word) >= 4}, set(common)
    starts: dict[str, list[str]] = {}
    for word in vocabulary:
        starts.setdefault(word[0], []).append(word)
    right = {stem(word) for word in vocabulary | usual}
    return tuple(token if token.stem in right else _corrected(token, starts) for token in sentence)


def edits(one: str, other: str, *, most: int) -> int:
    """Count the edits between two words: letters put in, left out, replaced, or two swapped.

    The optimal string alignment distance; gives `most + 1` for all that is further.

    >>> edits("chrun", "churn", most=2), edits("salry", "salary", most=2), edits("abc", "xyz", most=1)
    (1, 1, 2)
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, mark in enumerate(one, 1):
        before, row, above = row, [i, *[0] * len(other)], before
        for j, wanted in enumerate(other, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (mark != wanted))
            if i > 1 and j > 1 and mark == other[j - 2] and one[i - 2] == wanted:
                row[j] = min(row[j], above[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1] if row[-1] <= most else most + 1


def _corrected(token: Token, starts: dict[str, list[str]]) -> Token:
    word = token.lower
    if token.kind != "word" or len(word) < SHORTEST or not word.isalpha():
        return token
    most = 1 if len(word) < 8 else 2
    distances = {other: edits(word, other, most=most) for other in starts.get(word[0], ())}
    near = sorted((distance, other) for other, distance in distances.items() if distance <= most)
    if not near or (len(near) > 1 and near[0][0] == near[1][0] and not _same_stem(near[0][1], near[1][1])):
        return token
    return token.read_as(near[0][1])


def _same_stem(one: str, other: str) -> bool:
    return one.startswith(other[:4]) and one[: len(other) - 3] == other[: len(other) - 3]
