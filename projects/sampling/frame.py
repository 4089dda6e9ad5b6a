"""Rows of a Parquet file as the frame that is learned from: float64, and objects that are str or None.

Equal texts are one object, so a column of a few levels costs eight bytes a row; dates become ISO texts.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.engine import batches, name_of
from projects.sampling.rows_file import Kind, column_kinds, connected, row_count, scan

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 100_000
MOSTLY_DISTINCT = 0.5
"""A batch with more distinct texts than this share is not worth sharing objects with the next."""


def frame_of(rows_parquet: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read all rows, in the file's order.

    Args:
        rows_parquet: The file.
        columns: Which; by default all, in the file's order.

    Returns:
        Numbers and booleans (1.0 and 0.0) as float64 with NaN for gaps; texts, and dates as ISO texts, as
        objects with None for gaps. Shape (rows, columns).

    Raises:
        BadInput: The file cannot be read, or has no such column.
    """
    with connected() as connection:
        kinds = chosen(connection, rows_parquet, columns)
        source = scan(rows_parquet)
        return read_frame(connection, f"SELECT * FROM {source}", kinds, row_count(connection, rows_parquet))


def chosen(
    connection: "duckdb.DuckDBPyConnection", rows_parquet: Path, columns: Sequence[str] | None
) -> dict[str, Kind]:
    """Return the kinds of the columns asked for, or of all.

    Raises:
        BadInput: There is no such column.
    """
    kinds = column_kinds(connection, rows_parquet)
    for name in columns or ():
        if name not in kinds:
            raise BadInput(f"there is no column '{name}'; {did_you_mean(name, kinds)}")
    return kinds if columns is None else {name: kinds[name] for name in columns}


def read_frame(
    connection: "duckdb.DuckDBPyConnection", query: str, kinds: Mapping[str, Kind], rows: int
) -> pd.DataFrame:
    """Read a query's rows, which must be at most `rows`, batch by batch.

    Args:
        connection: Where the query runs.
        query: Its columns are those of `kinds`, and maybe more.
        kinds: What each column is, as `column_kinds` says.
        rows: How many rows there are.
    """
    if not kinds:
        return pd.DataFrame(index=pd.RangeIndex(rows))
    cells = ", ".join(f"{_cell(name_of(name), kind)} AS {name_of(name)}" for name, kind in kinds.items())
    values: dict[str, Any] = {
        name: np.empty(rows, dtype=np.float64 if kind in ("number", "boolean") else object)
        for name, kind in kinds.items()
    }
    texts: dict[str, dict[str, str]] = {name: {} for name in kinds}
    filled = 0
    for batch in batches(connection, f"SELECT {cells} FROM ({query})", BATCH_ROWS):
        end = filled + batch.num_rows
        for name, cells_of_batch in zip(kinds, batch.columns, strict=True):
            values[name][filled:end] = (
                _numbers(cells_of_batch)
                if values[name].dtype == np.float64
                else _texts(cells_of_batch, texts[name])
            )
        filled = end
    series = {
        name: pd.Series(column[:filled], dtype=column.dtype, copy=False) for name, column in values.items()
    }
    return pd.DataFrame(series, copy=False)


def frames(
    connection: "duckdb.DuckDBPyConnection", query: str, kinds: Mapping[str, Kind], batch_rows: int
) -> Iterator[pd.DataFrame]:
    """Read a query's rows as `read_frame` does, a frame for each batch, whatever their number.

    Args:
        connection: Where the query runs.
        query: Its columns are those of `kinds`, and maybe more.
        kinds: What each column is, as `column_kinds` says.
        batch_rows: The most rows of a frame.
    """
    exprs = ", ".join(f"{_cell(name_of(name), kind)} AS {name_of(name)}" for name, kind in kinds.items())
    for batch in batches(connection, f"SELECT {exprs} FROM ({query})", batch_rows):
        if batch.num_rows:
            pairs = zip(kinds.items(), batch.columns, strict=True)
            cells = {
                name: _numbers(column) if kind in ("number", "boolean") else _texts(column, {})
                for (name, kind), column in pairs
            }
            yield pd.DataFrame(
                {name: pd.Series(column, dtype=column.dtype, copy=False) for name, column in cells.items()},
                copy=False,
            )


def _cell(name: str, kind: Kind) -> str:
    if kind in ("number", "boolean"):
        return f"CAST({name} AS DOUBLE)"
    if kind == "date":
        return f"replace(CAST({name} AS VARCHAR), ' ', 'T')"
    return f"CAST({name} AS VARCHAR)"


def _numbers(cells: Any) -> Any:
    return cells.to_numpy(zero_copy_only=False)


def _texts(cells: Any, seen: dict[str, str]) -> Any:
    coded = cells.dictionary_encode()
    levels = coded.dictionary.to_pylist()
    if len(levels) <= MOSTLY_DISTINCT * len(cells):
        levels = [seen.setdefault(level, level) for level in levels]
    shared = np.empty(len(levels) + 1, dtype=object)
    shared[:-1] = levels
    codes = coded.indices.fill_null(len(levels)).to_numpy(zero_copy_only=False)
    return shared[codes]
