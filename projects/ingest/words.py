"""Counts and lists as a person would say them."""

from collections.abc import Sequence


def counted(number: int, what: str) -> str:
    """Write a count with its noun.

    >>> counted(1, "row"), counted(1200, "row"), counted(2, "copy")
    ('1 row', '1,200 rows', '2 copies')
    """
    if number == 1:
        return f"1 {what}"
    return f"{number:,} {what[:-1]}ies" if what.endswith("y") else f"{number:,} {what}s"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Write names one after the other, the last ones as a number.

    >>> listed(["a", "b", "c"], 2)
    "'a', 'b' and 1 more"
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more
