"""What each column of a reference is, and how reference and window are brought to one form.

A numeric column becomes float64, a categorical one text; a missing cell is NaN in the one, None in the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

LABEL = "label"
PREDICTION = "prediction"
LONGEST_CATEGORY = 60
LARGEST = 1e100
"""Larger numbers are brought down to it: the squares of those that come must not overflow."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The reference's columns that can be compared, by kind, in its order."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, numeric first."""
        return self.numeric + self.categorical


def columns_of(reference: pa.Table) -> Columns:
    """Sort a reference's columns into kinds; the label, dates and nested values are left out."""
    numeric: list[str] = []
    categorical: list[str] = []
    for field in reference.schema:
        if field.name == LABEL:
            continue
        if field.name == PREDICTION:
            numbers = _is_measure(reference[PREDICTION])
            (numeric if numbers else categorical).append(field.name)
        elif _is_number(field.type):
            numeric.append(field.name)
        elif _is_text(field.type):
            categorical.append(field.name)
    return Columns(tuple(numeric), tuple(categorical))


def tidy(cells: Mapping[str, pa.ChunkedArray], rows: int, columns: Columns) -> pd.DataFrame:
    """Lay columns out as the comparison wants them; a column that is not there is all missing.

    Args:
        cells: Columns by name, each with `rows` values of whatever type they came in.
        rows: How many rows there are.
        columns: Which columns, and of which kind.
    """
    absent = pa.nulls(rows)
    laid = {name: _numbers(cells.get(name, absent)) for name in columns.numeric}
    return pd.DataFrame(
        laid | {name: _texts(cells.get(name, absent)) for name in columns.categorical}, index=range(rows)
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind))


def _is_measure(predictions: pa.ChunkedArray) -> bool:
    """Whether predictions are measures, as regressors answer, rather than labels."""
    if not pa.types.is_floating(predictions.type):
        return False
    values = predictions.drop_null().to_numpy()
    values = values[np.isfinite(values)]
    return bool(len(values)) and bool(np.any(values != np.floor(values)))


def _numbers(cells: pa.ChunkedArray) -> Any:
    if _is_number(cells.type) or pa.types.is_boolean(cells.type):
        values = pc.cast(cells, pa.float64(), safe=False).to_pandas()
    else:
        values = pd.to_numeric(cells.to_pandas(), errors="coerce")
    return values.astype("float64").replace([np.inf, -np.inf], np.nan).clip(-LARGEST, LARGEST)


def _texts(cells: pa.ChunkedArray) -> Any:
    """Arrow's own spelling, so that a label 1 is `1` whether it came as an integer or a float."""
    if pa.types.is_nested(cells.type):
        cells = pa.chunked_array([pa.array([None if c is None else str(c) for c in cells.to_pylist()])])
    words = pc.utf8_slice_codeunits(pc.cast(cells, pa.string()), 0, LONGEST_CATEGORY)
    return words.to_pandas().astype("object").where(lambda column: column.notna(), None)
