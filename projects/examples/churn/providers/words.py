"""A text's words that tell something: without those of every text, and without their endings."""

import re

WORD = re.compile(r"(?u)\b[^\W\d_][\w'\u2019]*\b")
ENDINGS = ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "ly", "s", "e")
"""A light stemmer: the longest of these is cut off where at least four letters stay."""
SAYS_NOTHING = frozenset(re.findall(r"\w+", """
    a about after again all also an and any are as asked at be because been before being but by can
    could customer did do does for from get had has have he her him his how i if in into is it its
    just me more my no not of on or our out over said she should so some such than that the their them
    then there these they this to too under until up us very was we were what when where which who
    will with would you your
"""))  # fmt: skip


def told_words(text: str) -> list[str]:
    """Return the stems of a text's telling words, in their order."""
    found = (match.group().casefold() for match in WORD.finditer(text))
    return [stem(word) for word in found if word not in SAYS_NOTHING]


def stem(word: str) -> str:
    """Cut a word's ending off."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
