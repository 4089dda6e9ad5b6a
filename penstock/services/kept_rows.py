"""Clean rows near at hand: a run's Parquet file fetched once, kept while there is room, read in pieces."""

import glob
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from penstock.desk import Desk
from penstock.problems import NotFound, TooLarge
from penstock.services.told import as_problems
from penstock.spreadsheets import DANGEROUS

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MOST_BYTES = 4 * 1024**3
"""What is kept of all runs; beyond it the files that were used longest ago leave."""
UNUSED_S = 600.0
"""A file that was used a moment ago is not removed under its reader."""
CELLS_AT_ONCE = 200_000
MOST_GROUP_BYTES = 256 * 1024**2
_naming = threading.Lock()
_fetching: "WeakValueDictionary[str, threading.Lock]" = WeakValueDictionary()
"""By run: a large file that is being fetched holds up nobody who wants another run's."""


def rows_file(desk: Desk, run_id: str, name: str = "rows.parquet") -> Path:
    """A run's file of rows on this machine, fetched if it is not there yet.

    Raises:
        NotFound: The run left no such file.
        Away: MLflow does not answer.
    """
    folder = desk.settings.var_dir / "api" / "rows"
    path = folder / f"{run_id}-{name}"
    if _used(path):
        return path
    with _of_run(run_id):
        while not _used(path):
            folder.mkdir(parents=True, exist_ok=True)
            _fetch(desk, run_id, name, path)
            _make_room(folder, path)
    return path


def _of_run(run_id: str) -> threading.Lock:
    """The lock of whoever fetches or drops a run's rows."""
    with _naming:
        return _fetching.setdefault(run_id, threading.Lock())


def _used(path: Path) -> bool:
    """Note that a file is used now; False where it is not there: another process may have removed it."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def drop_rows(desk: Desk, run_id: str) -> None:
    """Remove what is kept here of a run's rows; whoever reads a file just now reads it to its end.

    Raises:
        OSError: The disk refuses.
    """
    folder = desk.settings.var_dir / "api" / "rows"
    with _of_run(run_id):
        for path in folder.glob(f"{glob.escape(run_id)}-*"):
            path.unlink(missing_ok=True)


def first_rows(path: Path, *, offset: int, most: int) -> tuple[list[str], list[dict[str, Any]]]:
    """Some rows of a Parquet file, as plain values; and its columns' names."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = [str(name) for name in file.schema_arrow.names]
        found: list[dict[str, Any]] = []
        for batch in _batches(file, offset):
            found += batch.slice(0, most - len(found)).to_pylist()
            if len(found) >= most:
                break
        return names, found


def csv_pieces(path: Path, *, is_raw: bool) -> Iterator[bytes]:
    """A Parquet file's rows as CSV, piece by piece.

    Args:
        path: The file.
        is_raw: Whether cells stay as they are even where a spreadsheet would run them as formulas.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        yield _csv_header(file.schema_arrow.names, is_raw=is_raw)
        for batch in _batches(file, 0):
            yield _csv(batch if is_raw else _defused(batch))


def _batches(file: "pq.ParquetFile", offset: int) -> "Iterator[pa.RecordBatch]":
    """Give the rows from an offset on, one row group after the other, in batches of bounded size."""
    width = max(len(file.schema_arrow.names), 1)
    for at in range(file.num_row_groups):
        group = file.metadata.row_group(at)
        if offset >= group.num_rows:
            offset -= group.num_rows
            continue
        if group.total_byte_size > MOST_GROUP_BYTES:
            raise TooLarge("the rows are too wide to be shown piece by piece; fetch the Parquet file")
        for batch in file.iter_batches(max(CELLS_AT_ONCE // width, 1), row_groups=[at], use_threads=False):
            if offset >= batch.num_rows:
                offset -= batch.num_rows
                continue
            yield batch.slice(offset)
            offset = 0


def _csv(batch: "pa.RecordBatch") -> bytes:
    import pyarrow as pa
    from pyarrow import csv

    sink = pa.BufferOutputStream()
    csv.write_csv(batch, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return bytes(sink.getvalue())


def _csv_header(names: Sequence[str], *, is_raw: bool) -> bytes:
    safe = [name if is_raw or not name.startswith(DANGEROUS) else f"'{name}" for name in names]
    return (",".join('"' + name.replace('"', '""') + '"' for name in safe) + "\n").encode()


def _defused(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """Put an apostrophe before texts that a spreadsheet would run."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = []
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()  # noqa: PLW2901 - the same column
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            is_dangerous = pc.match_substring_regex(column, r"^[=+\-@\t\r]")
            mark, nothing = (pa.scalar(text, column.type) for text in ("'", ""))
            quoted = pc.binary_join_element_wise(mark, column, nothing)
            column = pc.if_else(is_dangerous, quoted, column)  # noqa: PLW2901 - the same column, made safe
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _fetch(desk: Desk, run_id: str, name: str, path: Path) -> None:
    part = path.with_name(f".{uuid.uuid4()}")
    part.mkdir()
    try:
        with as_problems():
            desk.client.download_artifacts(run_id, f"data/{name}", str(part))
        next(part.rglob(name)).rename(path)
    except StopIteration as error:
        raise NotFound(f"run '{run_id}' left no {name}; ask for the data set's state") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _make_room(folder: Path, newest: Path) -> None:
    files = []
    for path in folder.glob("*.parquet"):
        with suppress(FileNotFoundError):  # others make room, too
            about = path.stat()
            files.append((about.st_mtime, about.st_size, path))
    files.sort()
    size = sum(each for _, each, _ in files)
    for used_s, bytes_, path in files:
        if size <= MOST_BYTES:
            return
        if path != newest and used_s < time.time() - UNUSED_S:
            path.unlink(missing_ok=True)
            size -= bytes_
