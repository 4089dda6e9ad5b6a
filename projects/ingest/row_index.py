"""Where the rows of a delimited text begin, to the byte, so that each of many readers takes its own.

The marks of ranges (`projects.ingest.row_ends`) lie 512 rows apart; from the nearest one rows are counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from projects.ingest.dialect import Dialect
from projects.ingest.row_ends import FEED, STRIDE, Ends

BLOCK = 1 << 16
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class RowIndex:
    """The beginnings of some of a file's rows; row 0 is its first line.

    Attributes:
        lines: All its rows, the header among them.
        size: Its bytes.
        numbers: The rows whose beginnings are known, rising.
        places: Their beginnings in bytes.
        quote: The quote around cells, empty if there is none.
    """

    lines: int
    size: int
    numbers: NDArray[np.int64]
    places: NDArray[np.int64]
    quote: bytes

    def beginnings(self, path: Path, rows: Sequence[int]) -> list[int]:
        """Find where rows begin; the one behind the last begins at the end.

        Args:
            path: The file.
            rows: Their numbers, from 0 to `lines`.
        """
        with path.open("rb") as file:
            return [self._beginning(file, row) for row in rows]

    def _beginning(self, file: "object", row: int) -> int:
        if row >= self.lines:
            return self.size
        at = int(np.searchsorted(self.numbers, row, side="right")) - 1
        place, left = int(self.places[at]), row - int(self.numbers[at])
        file.seek(place)  # type: ignore[attr-defined]  # a binary file
        is_inside = False
        while left:
            block = file.read(BLOCK)  # type: ignore[attr-defined]
            ends, is_inside = _ends(block, self.quote, is_inside=is_inside)
            if len(ends) >= left:
                return place + int(ends[left - 1]) + 1
            left, place = left - len(ends), place + len(block)
        return place


def _ends(block: bytes, quote: bytes, *, is_inside: bool) -> tuple[NDArray[np.int64], bool]:
    cells = np.frombuffer(block, np.uint8)
    feeds = np.flatnonzero(cells == FEED)
    if not quote or quote not in block:
        return (feeds[:0] if is_inside else feeds), is_inside
    quotes = np.flatnonzero(cells == quote[0])
    within = (np.searchsorted(quotes, feeds) + is_inside) & 1
    return feeds[within == 0], bool((len(quotes) + is_inside) & 1)


def row_index(
    ranges: Sequence[Ends], size: int, last: bytes, begin: int, dialect: Dialect
) -> RowIndex | None:
    """Put ranges behind each other; None if the text must be read from its beginning.

    Args:
        ranges: All of the file's, in order.
        size: Its bytes.
        last: Its last byte.
        begin: Where its first row begins, behind a byte order mark.
        dialect: Of the file.
    """
    numbers, places = [np.zeros(1, np.int64)], [np.full(1, begin, np.int64)]
    inside = lines = 0
    for ends in ranges:
        if not ends.is_sound[inside]:
            return None
        marks = ends.marks[inside]
        numbers.append(lines + STRIDE * np.arange(1, len(marks) + 1))
        places.append(marks)
        lines += ends.rows[inside]
        inside ^= ends.quotes & 1
    feeds, pairs, returns = (
        sum(part) for part in zip(*((e.feeds, e.pairs, e.returns) for e in ranges), strict=True)
    )
    if inside or returns != pairs or pairs not in (0, feeds):
        return None
    lines += last != b"\n"
    return RowIndex(lines, size, np.concatenate(numbers), np.concatenate(places), dialect.quote.encode())
