"""What a worker does with rows that lie elsewhere: it fetches a piece of a file and reads it by a DuckDB.

Each thread of a worker has a DuckDB of one thread, so that a worker takes as many cores as it has threads.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from projects.ingest.engine import files_of, open_engine
from projects.ingest.pieces import Piece

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "400MB"
BLOCK = 1 << 20
_LOCAL = threading.local()


def room() -> Path:
    """Give the folder in which this worker may write."""
    from distributed import get_worker

    return Path(get_worker().local_directory)


@contextmanager
def place_of(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Give a folder for what is made here, and whether whoever asked sees it.

    Args:
        folder: Of whoever asked, which bears a name of its own: a worker on another machine does not have it.
    """
    seen = _within(folder)
    if seen is None:
        with tempfile.TemporaryDirectory(dir=room(), prefix="rows-") as own:
            yield Path(own), False
        return
    try:
        yield seen, True
    except BaseException:
        shutil.rmtree(seen, ignore_errors=True)
        raise


def _within(folder: Path) -> Path | None:
    """Make a folder in one of somebody else's; None where it is not there, or they could not remove it."""
    with suppress(OSError):
        if folder.stat().st_uid == os.geteuid():
            return Path(tempfile.mkdtemp(dir=folder, prefix="rows-"))
    return None


def engine() -> "duckdb.DuckDBPyConnection":
    """Give this thread's DuckDB."""
    if not hasattr(_LOCAL, "engine"):
        spill = room() / f"spill-{threading.get_ident()}"
        _LOCAL.engine = open_engine(spill, memory_limit=MEMORY_LIMIT, threads=1)
    connection: duckdb.DuckDBPyConnection = _LOCAL.engine
    return connection


@contextmanager
def opened(pieces: Sequence[Piece]) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Make rows the view `piece` of this thread's DuckDB, while the work inside goes on."""
    with ExitStack() as stack:
        selects = [
            piece.sql.format(
                files=files_of([stack.enter_context(local(piece))]),
                first=piece.first,
                last=piece.first + piece.rows,
            )
            for piece in pieces
        ]
        connection = engine()
        connection.execute(f"CREATE OR REPLACE TEMP VIEW piece AS {' UNION ALL '.join(map(_aside, selects))}")
        yield connection


def _aside(select: str) -> str:
    """Put a SELECT in brackets: it may end in a LIMIT of its own."""
    return f"(SELECT * FROM ({select}))"


@contextmanager
def local(piece: Piece) -> Iterator[Path]:
    """Give a file on this machine that holds a piece's bytes and no others."""
    if piece.path.startswith("s3://"):
        from projects.ingest.bucket_piece import fetched

        with fetched(piece.path, piece.start, piece.stop, piece.stamp, room()) as path:
            yield path
        return
    if not piece.stop:
        yield Path(piece.path)
        return
    with tempfile.NamedTemporaryFile(dir=room(), prefix="piece-", suffix=".csv") as out:
        with Path(piece.path).open("rb") as source:
            _copy(source, out, piece.start, piece.stop)
        yield Path(out.name)


def _copy(source: IO[bytes], target: IO[bytes], start: int, stop: int) -> None:
    source.seek(start)
    while start < stop and (block := source.read(min(BLOCK, stop - start))):
        target.write(block)
        start += len(block)
    target.flush()
