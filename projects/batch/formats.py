"""The formats of an output: a batch becomes bytes in any thread, and the bytes are written in order.

Delimited text has quotes only around cells that need them.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

Encoded = Any


class Sink(Protocol):
    """Writes batches of the same columns, one after the other."""

    def encode(self, batch: pa.RecordBatch) -> Encoded:
        """Do what needs no order; called from several threads."""
        ...

    def write(self, encoded: Encoded) -> None:
        """Append what `encode` returned."""
        ...

    def close(self) -> None:
        """Finish the file; may be called twice."""
        ...


class Delimited:
    """CSV or TSV in UTF-8, with a header."""

    def __init__(self, path: Path, names: Sequence[str], delimiter: str) -> None:
        self._file, self._delimiter = path.open("wb"), delimiter
        header = io.StringIO()
        csv.writer(header, delimiter=delimiter, lineterminator="\n").writerow(names)
        self._file.write(header.getvalue().encode())

    def encode(self, batch: pa.RecordBatch) -> Encoded:
        """Make the lines."""
        flat = pa.record_batch([_flat(column) for column in batch.columns], batch.schema.names)
        options = pyarrow.csv.WriteOptions(
            include_header=False, delimiter=self._delimiter, quoting_style="none"
        )
        lines = pa.BufferOutputStream()
        try:
            pyarrow.csv.write_csv(flat, lines, options)
            return lines.getvalue()
        except pa.ArrowInvalid:  # a cell needs quotes
            return _quoted(flat, self._delimiter)

    def write(self, encoded: Encoded) -> None:
        """Append lines."""
        self._file.write(encoded)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class JsonLines:
    """One JSON object a line; what is missing is null."""

    def __init__(self, path: Path, _names: Sequence[str]) -> None:
        import duckdb

        self._file = path.open("wb")
        self._engine = duckdb.connect(config={"threads": "1"})
        self._engine.execute("SET enable_progress_bar = false")

    def encode(self, batch: pa.RecordBatch) -> Encoded:
        """Make the lines."""
        whole = pa.table([_without_nan(column) for column in batch.columns], batch.schema.names)
        with self._engine.cursor() as cursor:
            objects = cursor.from_arrow(whole).query("batch", "SELECT to_json(batch) FROM batch")
            return _bytes_of(objects.to_arrow_table().column(0).combine_chunks())

    def write(self, encoded: Encoded) -> None:
        """Append lines."""
        self._file.write(encoded)

    def close(self) -> None:
        """Close the file."""
        self._engine.close()
        self._file.close()


class Parquet:
    """Parquet, a row group a batch."""

    def __init__(self, path: Path, _names: Sequence[str]) -> None:
        self._path = path
        self._writer: Any = None

    def encode(self, batch: pa.RecordBatch) -> Encoded:
        """Leave the batch as it is: Parquet is written in order."""
        return batch

    def write(self, encoded: Encoded) -> None:
        """Append a row group."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, encoded.schema)
        self._writer.write_batch(encoded)

    def close(self) -> None:
        """Write the footer and close the file."""
        if self._writer is not None:
            self._writer.close()


AS_WRITTEN = (".csv", ".tsv")
"""Formats whose cells are texts anyway: what was read is written again as it was."""
FORMATS: dict[str, Callable[[Path, Sequence[str]], Sink]] = {
    ".csv": lambda path, names: Delimited(path, names, ","),
    ".tsv": lambda path, names: Delimited(path, names, "\t"),
    ".parquet": Parquet,
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
}


def _quoted(batch: pa.RecordBatch, delimiter: str) -> Encoded:
    cells = [_cells(column, delimiter) for column in batch.columns]
    return _bytes_of(pc.binary_join_element_wise(*cells, delimiter))


def _bytes_of(lines: pa.Array) -> Encoded:
    """Join lines, each with its end: Arrow keeps texts one behind the other, so no text is copied out."""
    if isinstance(lines, pa.ChunkedArray):
        return b"".join(_bytes_of(chunk) for chunk in lines.chunks)
    ended = pc.binary_join_element_wise(lines, "", "\n")
    return ended.buffers()[2] or b""


def _cells(column: pa.Array, delimiter: str) -> pa.Array:
    texts = pc.fill_null(pc.cast(column, pa.string()), "")
    in_quotes = pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', '""'), '"', "")
    needs_quotes = pc.match_substring_regex(texts, f'[{delimiter}"\r\n]')
    return pc.if_else(needs_quotes, in_quotes, texts)


def _flat(column: pa.Array) -> pa.Array:
    """Make a column that a line of text can hold; a list or an object becomes JSON."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.dictionary_decode()
    if pa.types.is_nested(kind):
        cells = [None if cell is None else json.dumps(cell, default=str) for cell in column.to_pylist()]
        return pa.array(cells, pa.string())
    if pa.types.is_floating(kind):
        return _without_nan(column)
    is_plain = pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    return column if is_plain else pc.cast(column, pa.string())


def _without_nan(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_nan(column), None, column) if pa.types.is_floating(column.type) else column
