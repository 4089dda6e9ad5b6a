"""What of the data can be read in pieces by workers, and how large texts are cut into such pieces."""

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from projects.ingest.dialect import Dialect
from projects.ingest.engine import WIDE
from projects.ingest.pieces import Piece, Share, shares_of
from projects.ingest.row_ends import FEED, Ends, can_be_cut, row_ends
from projects.ingest.row_index import BOM, RowIndex, row_index

if TYPE_CHECKING:
    from projects.compute.crew import Crew
    from projects.ingest.raw import Origin
    from projects.ingest.table import Table
    from projects.ingest.workspace import Workspace

CELL_BYTES = 8
"""About what a cell of a text takes."""


@dataclass(frozen=True)
class Range:
    """Bytes of a delimited text, with one more on each side where there is one."""

    path: str
    start: int
    stop: int
    size: int
    stamp: str
    dialect: Dialect


def cut_text(
    path: Path, origin: "Origin | None", dialect: Dialect, reading: str, crew: "Crew"
) -> RowIndex | None:
    """Find where a text's rows begin, by the workers; None if it is read from its beginning only.

    Args:
        path: The text, in UTF-8.
        origin: Where workers fetch the same bytes.
        dialect: How it is cut into cells.
        reading: A SELECT over `{files}` of rows without a header; it must find as many rows as were cut.
        crew: The workers.
    """
    size = path.stat().st_size
    if size < 2 * crew.grain or not can_be_cut(dialect) or not (origin or crew.sees([path])):
        return None
    place, stamp = (origin.url, origin.stamp) if origin else (str(path), "")
    with path.open("rb") as file:
        begin = len(BOM) if file.read(len(BOM)) == BOM else 0
        file.seek(size - 1)
        last = file.read(1)
    edges = [*range(begin, size, crew.grain), size]
    ranges = [Range(place, a, b, size, stamp, dialect) for a, b in pairwise(edges)]
    index = row_index(list(crew.in_order(scan, ranges)), size, last, begin, dialect)
    if index is None:
        return None
    lines = list(range(bool(dialect.header), index.lines, max(crew.grain * index.lines // size, 1)))
    lines.append(index.lines)
    places = index.beginnings(path, lines)
    pieces = [
        Piece(place, *places, reading, 0, stop - start, stamp)
        for places, (start, stop) in zip(pairwise(places), pairwise(lines), strict=True)
    ]
    return index if all(crew.in_order(is_whole, pieces)) else None


def scan(asked: Range) -> Ends:
    """Tell a range's row ends; runs on a worker."""
    from projects.ingest.on_worker import local

    start, stop = max(asked.start - 1, 0), min(asked.stop + 1, asked.size)
    with local(Piece(asked.path, start, stop, "", 0, 0, asked.stamp)) as path:
        block = path.read_bytes()
    head, tail = asked.start - start, stop - asked.stop
    before = block[0] if head and asked.start > len(BOM) else FEED
    after = block[-1] if tail else FEED
    return row_ends(block[head : len(block) - tail], asked.start, before, after, asked.dialect)


def is_whole(piece: Piece) -> bool:
    """Whether a piece holds as many rows, of the right width, as were cut; runs on a worker."""
    import duckdb

    from projects.ingest.on_worker import local, opened

    with local(piece) as path, path.open("rb") as file:
        if file.read(len(BOM)) == BOM:
            return False
    with suppress(duckdb.Error), opened([piece]) as engine:
        counted = engine.execute("SELECT count(*) FROM piece").fetchone()
        return counted is not None and counted[0] == piece.rows
    return False


def shared(table: "Table", work: "Workspace", rows: int = 0, multiple: int = 1) -> list[Share] | None:
    """Cut a table for the workers; None if this process reads it.

    Args:
        table: Which.
        work: Whose workers.
        rows: Of a share; by default as many as are worth a task,
        multiple: in multiples of this.
    """
    crew = work.crew
    width = len(table.names)
    least = 2 * crew.grain if crew is not None else 0
    if crew is None or width > WIDE or table.rows * width * CELL_BYTES < least:
        return None
    seen = _seen(table, crew)
    if seen is None:
        return None
    worth = max(crew.grain // (width * CELL_BYTES), 1)
    return shares_of(seen, rows or max(worth // multiple, 1) * multiple)


def _seen(table: "Table", crew: "Crew") -> "Table | None":
    """Return a table of which workers read every part, of a bucket or as it lies here; None if they cannot.

    Pieces of a Parquet object are no ranges of its bytes: a large one would be fetched whole for each of
    them, so its copy is read.
    """
    parts, copies = [], []
    for part in table.parts:
        is_large = part.index is None and part.paths[0].stat().st_size >= crew.grain
        if is_large and not part.numbered:
            crew.tell_once(f"{part.facts.shown} cannot be cut into pieces, so this machine reads it")
            return None
        if is_large and part.origin is not None:
            copies.append(part)
        parts.append(replace(part, origin=None) if is_large else part)
    if copies and not crew.sees(
        [part.paths[0] for part in copies],
        f"workers would fetch all of {copies[0].facts.shown} for every piece of it, so this machine reads it;"
        " cut it into smaller files, or put it into a folder that all machines share",
    ):
        return None
    here = [part.paths[0] for part in table.parts if part.origin is None]
    return replace(table, parts=tuple(parts)) if not here or crew.sees(here) else None
