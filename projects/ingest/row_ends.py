"""Where rows end in a range of a delimited text, told without knowing whether it begins within quotes.

A range is read by whoever has it, and says what it holds for both beginnings; put behind each other the
ranges tell which of them counts (`projects.ingest.row_index`). Where a quote stands neither at the edge of a
cell nor beside another quote, the text is not cut: only a reader from its beginning knows what it means.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projects.ingest.dialect import Dialect

STRIDE = 512
"""Every so many rows a mark is kept."""
FEED, RETURN = 10, 13
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Ends:
    """What a range of bytes holds; pairs are for a beginning outside of quotes and within.

    Attributes:
        quotes: Its quotes.
        rows: How many rows end in it.
        marks: Where the row after every 512th end begins, in bytes of the whole file.
        is_sound: Whether its quotes all stand where quotes of cells stand.
        feeds: Its line feeds.
        pairs: Line feeds after a carriage return.
        returns: Its carriage returns.
    """

    quotes: int
    rows: tuple[int, int]
    marks: tuple[Places, Places]
    is_sound: tuple[bool, bool]
    feeds: int
    pairs: int
    returns: int


def can_be_cut(dialect: Dialect) -> bool:
    """Whether rows of a dialect are told by their bytes alone."""
    is_doubled = not dialect.quote or dialect.escape == dialect.quote
    return is_doubled and dialect.skip == 0 and len(f"{dialect.delimiter}{dialect.quote}".encode()) <= 2


def row_ends(block: bytes, start: int, before: int, after: int, dialect: Dialect) -> Ends:
    """Tell where rows end in a range.

    Args:
        block: Its bytes.
        start: Where it begins in the file.
        before: The byte before it, a line feed at the beginning of the file.
        after: The byte behind it, a line feed at the end of the file.
        dialect: Of the file.
    """
    cells = np.frombuffer(block, np.uint8)
    feeds = np.flatnonzero(cells == FEED)
    returns = block.count(b"\r")
    pairs = block.count(b"\r\n") + (before == RETURN and block[:1] == b"\n")
    quotes = _quotes(block, cells, dialect)
    inside = (np.searchsorted(quotes, feeds) & 1).astype(bool) if len(quotes) else np.zeros(len(feeds), bool)
    both = feeds[~inside], feeds[inside]
    around = _around(cells, quotes, before, after)
    return Ends(
        len(quotes), (len(both[0]), len(both[1])),
        (_marks(both[0], start), _marks(both[1], start)),
        (_is_sound(around, 0, dialect), _is_sound(around, 1, dialect)),
        len(feeds), pairs, returns,
    )  # fmt: skip


def _quotes(block: bytes, cells: NDArray[np.uint8], dialect: Dialect) -> Places:
    mark = dialect.quote.encode()
    if not mark or mark not in block:
        return np.empty(0, np.int64)
    return np.flatnonzero(cells == mark[0])


def _marks(ends: Places, start: int) -> Places:
    return ends[STRIDE - 1 :: STRIDE] + (start + 1)


def _around(
    cells: NDArray[np.uint8], quotes: Places, before: int, after: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give the bytes before and behind each quote."""
    if not len(quotes):
        return np.empty(0, np.uint8), np.empty(0, np.uint8)
    behind = np.where(quotes + 1 < len(cells), cells[np.minimum(quotes + 1, len(cells) - 1)], after)
    return np.where(quotes > 0, cells[np.maximum(quotes - 1, 0)], before).astype(np.uint8), behind.astype(
        np.uint8
    )


def _is_sound(
    around: tuple[NDArray[np.uint8], NDArray[np.uint8]], begins_inside: int, dialect: Dialect
) -> bool:
    """Whether quotes that open stand at a cell's beginning, and those that close at its end."""
    before, behind = around
    edges = np.frombuffer(f"{dialect.delimiter}{dialect.quote}\r\n".encode(), np.uint8)
    opening, closing = before[begins_inside::2], behind[1 - begins_inside :: 2]
    return bool(np.isin(opening, edges).all() and np.isin(closing, edges).all())
