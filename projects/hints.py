"""What helps a person to find an error: what was meant, and what a cell holds."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str], *, listed: int = 12) -> str:
    """End a sentence with the nearest names, or with the names there are."""
    names, start = list(known), word.casefold()
    folded = {name.casefold(): name for name in names}
    near = [folded[hit] for hit in difflib.get_close_matches(start, folded, n=3, cutoff=0.6)]
    near = near or [name for key, name in folded.items() if start and key.startswith(start)][:3]
    if near:
        return f"did you mean {' or '.join(repr(name) for name in near)}?"
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return f"there are {', '.join(names[:listed])}{more}"


def shown(cell: object) -> str:
    """Write a cell as a person would, cut to 60 marks."""
    import numpy as np

    plain = cell.item() if isinstance(cell, np.generic) else cell
    return f"{plain!r:.60}"
