"""A data frame with its gaps filled and its outliers pulled in, by the statement that does it to files.

Numbers go to DuckDB as numbers; what else a cell may hold goes as its text and comes back as the cell that it
was. A column in which nothing changed stays the very column that it was.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from projects.ingest.cells import as_numbers, is_truth
from projects.requirement.model import Cleaning
from projects.sampling.rows_file import ROW, Kind, connected
from projects.steps.filled import Filled, prepared

BEFORE, AFTER = "frame_before", "frame_after"
CODE = re.compile(r"\s*[+-]?0\d")
"""Texts that begin so are codes, whose zeros would go if they were read as numbers."""


def fill_frame(frame: pd.DataFrame, cleaning: Cleaning, *, keep: str = "") -> tuple[pd.DataFrame, Filled]:
    """Return a cleaned copy of a table, and what was done to it.

    Texts that are all numbers become numbers, as in a training. Rows keep their places in the index.

    Args:
        frame: Its columns have different names, all texts.
        cleaning: The strategies: of gaps for all columns and for single ones, and of outliers.
        keep: A column that stays as it is: the target of a model. Rows without it are left out.
    """
    numbers = {name: found for name in frame.columns if (found := _numbers(frame[name])) is not None}
    kinds: dict[str, Kind] = {name: "number" if name in numbers else "text" for name in frame.columns}
    cells = {f"c{at}": _sent(frame[name], numbers.get(name)) for at, name in enumerate(frame.columns)}
    short = dict(zip(frame.columns, cells, strict=True))  # two names may differ by their case alone
    asked = cleaning.model_copy(
        update={"columns": {short[name]: own for name, own in cleaning.columns.items() if name in short}}
    )
    with connected() as connection:
        connection.register(BEFORE, pa.table({ROW: np.arange(len(frame)), **cells}))
        known = {short[name]: kind for name, kind in kinds.items()}
        table, repeated = prepared(connection, BEFORE, known, asked, keep=short.get(keep, ""))
        made = connection.sql(f"{table.query([ROW, *cells])} ORDER BY {ROW}").to_arrow_table()
        connection.register(AFTER, made)
        gaps, pulled = table.gaps(AFTER), table.outliers()
    names = {code: name for name, code in short.items()}
    rows = made[ROW].to_numpy()
    changed = {names[code] for code in {*gaps, *pulled}}
    columns = {
        name: _back(frame[name], numbers.get(name), rows, made[short[name]], name in changed)
        for name in frame.columns
    }
    cleaned = pd.DataFrame(columns, index=frame.index[rows])
    return cleaned, Filled(
        len(frame),
        len(cleaned),
        {names[code]: count for code, count in gaps.items()},
        {names[code]: count for code, count in pulled.items()},
        repeated,
    )


def _numbers(column: "pd.Series[Any]") -> "pd.Series[Any] | None":
    """Return a column of numbers as it is sent; None for any other."""
    if is_truth(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return None
    if pd.api.types.is_complex_dtype(column.dtype) or column.dtype.kind in "mM":
        return None
    if pd.api.types.is_numeric_dtype(column.dtype):
        is_whole = pd.api.types.is_integer_dtype(column.dtype) and not column.isna().any()
        return column if is_whole else column.astype("float64")
    numbers, others = as_numbers(column)
    is_code = column.map(lambda cell: isinstance(cell, str) and CODE.match(cell) is not None)
    return None if others.any() or is_code.any() or numbers.isna().all() else numbers


def _sent(column: "pd.Series[Any]", numbers: "pd.Series[Any] | None") -> pa.Array:
    if numbers is not None:
        return pa.array(numbers.to_numpy(), from_pandas=True)
    return pa.array(_texts(column), pa.string())


def _texts(column: "pd.Series[Any]") -> list[str | None]:
    gaps = column.isna().to_numpy()
    return [None if gap else _text(cell) for cell, gap in zip(column, gaps, strict=True)]


def _text(cell: Any) -> str:
    return str(cell).encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _back(
    column: "pd.Series[Any]", numbers: "pd.Series[Any] | None", rows: Any, made: Any, is_changed: bool
) -> Any:
    held: Any = column.iloc[rows]
    if numbers is not None:
        if not is_changed:
            return held if pd.api.types.is_numeric_dtype(column.dtype) else numbers.iloc[rows]
        return _as_before(pd.Series(made.to_numpy(zero_copy_only=False), index=held.index), column.dtype)
    if not is_changed:
        return held
    cells = {_text(cell): cell for cell in reversed(column.dropna().tolist())}
    texts = made.to_pylist()
    filled = held.astype(object).where(
        held.notna(), [None if text is None else cells[text] for text in texts]
    )
    return filled.infer_objects() if column.dtype == object else filled.astype(column.dtype)


def _as_before(values: Any, dtype: Any) -> Any:
    """Return numbers in the type that they had, where that can hold them."""
    wanted = dtype if pd.api.types.is_numeric_dtype(dtype) else "float64"
    if pd.api.types.is_integer_dtype(dtype) and (values.isna().any() or (values % 1 != 0).any()):
        wanted = "Float64" if pd.api.types.is_extension_array_dtype(dtype) else "float64"
    return values.astype(wanted)
