"""Lists as a person would say them."""

from collections.abc import Sequence


def listed(names: Sequence[str], most: int = 5) -> str:
    """Write names one after the other, the last ones as a number.

    >>> listed(["a", "b", "c"], 2)
    "'a', 'b' and 1 more"
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more
