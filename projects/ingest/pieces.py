"""A table cut into shares of so many rows, made of pieces of files that any worker can read by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projects.ingest.raw import RawTable
    from projects.ingest.table import Table


@dataclass(frozen=True)
class Piece:
    """Rows of one file.

    Attributes:
        path: The file, or `s3://bucket/key`.
        start: The first of the bytes that hold them.
        stop: The byte behind the last; 0 for the whole file.
        sql: A SELECT of c0, c1 ... over `{files}`, of the rows from `{first}` to before `{last}`.
        first: The first row in those bytes.
        rows: How many there are.
        stamp: What a bucket's object must still be (its ETag).
    """

    path: str
    start: int
    stop: int
    sql: str
    first: int
    rows: int
    stamp: str = ""


@dataclass(frozen=True)
class Share:
    """Rows of a table, one worker's at a time.

    Attributes:
        first_row: The number of its first row in the table.
        pieces: Where its rows lie, in order.
    """

    first_row: int
    pieces: tuple[Piece, ...]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(piece.rows for piece in self.pieces)


def shares_of(table: "Table", rows: int) -> list[Share]:
    """Cut a table into shares of as many rows each, but the last.

    Args:
        table: Its parts name how they are read piece by piece.
        rows: Of a share.
    """
    total = table.rows
    edges = [*range(0, total, rows), total]
    pieces: list[list[Piece]] = [[] for _ in edges[1:]]
    begin = 0
    for part in table.parts:
        end = begin + part.facts.rows
        here = sorted({begin, end, *(edge for edge in edges if begin < edge < end)})
        cuts = [edge - begin for edge in here]
        for edge, piece in zip(here[:-1], _pieces(table, part, cuts), strict=True):
            pieces[edge // rows].append(piece)
        begin = end
    return [Share(at * rows, tuple(some)) for at, some in enumerate(pieces) if some]


def _pieces(table: "Table", part: "RawTable", cuts: Sequence[int]) -> Iterator[Piece]:
    """Give the pieces of a part between rows of it."""
    (path,) = part.paths
    place, stamp = (part.origin.url, part.origin.stamp) if part.origin else (str(path), "")
    if part.index is not None:
        sql = table.select_of(part, part.headless)
        lines = [cut + part.facts.has_header for cut in cuts]
        places = part.index.beginnings(Path(path), lines)
        for at, rows in enumerate(_differences(cuts)):
            yield Piece(place, places[at], places[at + 1], sql, 0, rows, stamp)
        return
    if part.numbered:
        sql = table.select_of(part, part.numbered)
    else:
        sql = table.select_of(
            part, f"SELECT * FROM ({part.reading}) LIMIT {{last}} - {{first}} OFFSET {{first}}"
        )
    for first, rows in zip(cuts, _differences(cuts), strict=False):
        yield Piece(place, 0, 0, sql, first, rows, stamp)


def _differences(cuts: Sequence[int]) -> list[int]:
    return [stop - start for start, stop in pairwise(cuts)]
