"""Rows that only Python can read, written as texts into a Parquet file that DuckDB reads: chunk by chunk."""

import datetime as dt
import decimal
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

CHUNK_CELLS = 400_000
READING = "SELECT * FROM read_parquet({files})"


def stage(path: Path, rows: Iterable[Sequence[object]], width: int) -> int:
    """Write rows of any cells as the text columns c0, c1 ...; return how many there were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [f"c{at}" for at in range(width)]
    schema = pa.schema([(name, pa.string()) for name in names])
    done = 0
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        for chunk in _chunks(iter(rows), max(CHUNK_CELLS // max(width, 1), 100)):
            columns = [pa.array([as_text(row[at]) for row in chunk], pa.string()) for at in range(width)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            done += len(chunk)
    return done


def as_text(cell: object) -> str | None:
    """Write a cell as text, None where it holds nothing.

    >>> as_text(3.0), as_text(0.25), as_text(True), as_text(""), as_text(float("nan"))
    ('3', '0.25', 'true', None, None)
    """
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return _float_text(cell) if isinstance(cell, float) else _other_text(cell)


def _float_text(cell: float) -> str | None:
    if math.isnan(cell):
        return None
    return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)


def _other_text(cell: Any) -> str | None:
    if isinstance(cell, dt.datetime):
        # pandas' NaT is a datetime that equals nothing.
        return cell.isoformat(sep=" ") if cell == cell else None  # noqa: PLR0124
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, decimal.Decimal):
        return format(cell, "f") if cell.is_finite() else None
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell).decode("utf-8", errors="replace").rstrip("\x00 ") or None
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False, default=str)
    item = getattr(cell, "item", None)
    return as_text(item()) if callable(item) else str(cell)


def _chunks(rows: Iterator[Sequence[object]], size: int) -> Iterator[list[Sequence[object]]]:
    while chunk := list(islice(rows, size)):
        yield chunk
