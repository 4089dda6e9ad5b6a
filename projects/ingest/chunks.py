"""Tables read and written piece by piece, so that a batch of any length fits in memory."""

import itertools
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from projects.errors import BadInput
from projects.ingest.delimited import OPENERS, UNREADABLE, refusal, sniff
from projects.ingest.source import suffix_of


def read_chunks(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    """Read a CSV, Parquet or JSON lines file; every cell of a CSV stays text.

    Raises:
        BadInput: It cannot be read as its suffix says.
    """
    if not path.is_file():
        raise BadInput(f"there is no file '{path}'")
    if path.stat().st_size == 0:
        raise BadInput(f"'{path}' is empty; a table needs a header and rows")
    yield from READERS[suffix_of(path)](path, rows)


class Writer(Protocol):
    """Writes frames of the same columns, one after the other."""

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


def writer_for(path: Path, suffix: str) -> Writer:
    """Open a writer of the format that a suffix says, at a path of any name."""
    return WRITERS[suffix](path)


def _delimited(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    delimiter, _ = sniff(path)
    try:
        with (
            warnings.catch_warnings(action="error", category=pd.errors.ParserWarning),
            pd.read_csv(
                path, sep=delimiter, dtype="object", chunksize=rows, encoding="utf-8-sig", index_col=False
            ) as chunks,
        ):
            yield from chunks
    except UNREADABLE as error:
        raise refusal(path, error) from error


def _parquet(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=rows):
                yield batch.to_pandas(types_mapper=pd.ArrowDtype)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"'{path}' cannot be read as Parquet; {error}") from error


def _json_lines(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    try:
        with OPENERS.get(path.suffix.lower(), open)(path, "rt", encoding="utf-8") as file:
            records = (_record(line, at, path) for at, line in enumerate(file, start=1) if line.strip())
            while chunk := list(itertools.islice(records, rows)):
                yield pd.DataFrame(chunk, dtype="object")
    except UNREADABLE as error:
        raise refusal(path, error) from error


def _record(line: str, number: int, path: Path) -> dict[str, Any]:
    with suppress(ValueError):
        record = json.loads(line)
        if isinstance(record, dict):
            return record
    raise BadInput(f"'{path}' must hold one JSON object a line; line {number} is '{line.strip():.60}'")


class _CsvWriter:
    def __init__(self, path: Path, delimiter: str) -> None:
        self._file, self._delimiter = path.open("w", encoding="utf-8", newline=""), delimiter
        self._has_header = False

    def write(self, frame: pd.DataFrame) -> None:
        frame.to_csv(self._file, sep=self._delimiter, header=not self._has_header, index=False)
        self._has_header = True

    def close(self) -> None:
        self._file.close()


class _JsonLinesWriter:
    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8")

    def write(self, frame: pd.DataFrame) -> None:
        cells = frame.astype("object").where(frame.notna(), None)
        for record in cells.to_dict("records"):
            self._file.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")

    def close(self) -> None:
        self._file.close()


class _ParquetWriter:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def write(self, frame: pd.DataFrame) -> None:
        try:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._path, table.schema)
            self._writer.write_table(table.cast(self._writer.schema))
        except (pa.ArrowException, ValueError) as error:
            raise BadInput(
                f"a column changes its kind from row to row, which Parquet does not take ({error});"
                " write CSV or JSON lines"
            ) from error

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


READERS: dict[str, Callable[[Path, int], Iterator[pd.DataFrame]]] = {
    ".csv": _delimited,
    ".tsv": _delimited,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_lines,
}
WRITERS: dict[str, Callable[[Path], Writer]] = {
    ".csv": lambda path: _CsvWriter(path, ","),
    ".tsv": lambda path: _CsvWriter(path, "\t"),
    ".parquet": _ParquetWriter,
    ".jsonl": _JsonLinesWriter,
    ".ndjson": _JsonLinesWriter,
}
