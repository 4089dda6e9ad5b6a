"""Counts with their nouns and verbs, as a person would say them."""

IRREGULAR = {"is": "are", "was": "were", "has": "have"}
HISSING = ("s", "x", "z", "ch", "sh")


def counted(number: int, what: str, verb: str = "") -> str:
    """Write a count with its noun, and with a verb that agrees where one is given.

    Args:
        number: How many.
        what: One of them.
        verb: What one of them does.

    >>> counted(1, "row"), counted(1200, "row"), counted(2, "copy"), counted(2, "day"), counted(0, "class")
    ('1 row', '1,200 rows', '2 copies', '2 days', '0 classes')
    >>> counted(1, "row", "is"), counted(2, "row", "is"), counted(3, "row", "repeats")
    ('1 row is', '2 rows are', '3 rows repeat')
    """
    noun = what if number == 1 else _plural(what)
    return f"{number:,} {noun}{f' {agreeing(number, verb)}' if verb else ''}"


def agreeing(number: int, verb: str) -> str:
    """Return a verb as it stands beside so many.

    >>> agreeing(1, "is"), agreeing(2, "is"), agreeing(2, "repeats")
    ('is', 'are', 'repeat')
    """
    return verb if number == 1 else IRREGULAR.get(verb, verb.removesuffix("s"))


def _plural(what: str) -> str:
    if what.endswith("y") and what[-2:-1] not in "aeiou":
        return f"{what[:-1]}ies"
    return f"{what}es" if what.endswith(HISSING) else f"{what}s"
