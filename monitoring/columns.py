"""What each column of a reference is, and how reference and window are brought to one form.

A numeric column becomes float64, a categorical one text; a missing cell is NaN in the one, None in the other.
Texts of several words stay texts. Identifiers (one word, hardly ever twice the same) say nothing as
categories: what is compared of them is their shape, as `9-a` for `7590-VHVEG`. Dates are left out.
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
PROBABILITIES = "probabilities"
LONGEST_CATEGORY = 60
LONGEST_TEXT = 2_000
LARGEST = 1e100
"""Larger numbers are brought down to it: the squares of those that come must not overflow."""
FEWEST_NAMES = 50
"""A column of at most so many different texts is one of categories."""
NAMES_SHARE = 0.5
"""And so is one of which at most this share of the values differ."""
WORDS = 3.0
"""Texts have so many words at the median; identifiers have fewer."""
DATE = r"^\s*\d{4}-\d{2}-\d{2}([T ].*)?$"
"""How ISO 8601 begins."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The reference's columns that can be compared, by kind, in its order.

    Attributes:
        numeric: Measures and counts.
        categorical: Categories, and the shapes of identifiers.
        text: Texts of several words.
        shaped: Which of the categorical ones are identifiers.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    text: tuple[str, ...] = ()
    shaped: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them: numeric, then categorical, then text."""
        return self.numeric + self.categorical + self.text

    def only(self, names: frozenset[str] | set[str]) -> "Columns":
        """Those of these names."""
        numeric, categorical, text = (
            tuple(name for name in kind if name in names)
            for kind in (self.numeric, self.categorical, self.text)
        )
        return Columns(numeric, categorical, text, self.shaped & names)

    def without(self, names: frozenset[str]) -> "Columns":
        """Those of other names."""
        return self.only(set(self.names) - names)

    def kind(self, name: str) -> str:
        """`numeric`, `categorical` or `text`."""
        return next(k for k in ("numeric", "categorical", "text") if name in getattr(self, k))


def columns_of(reference: pa.Table) -> Columns:
    """Sort a reference's columns into kinds; the label, dates and nested values are left out."""
    found: dict[str, list[str]] = {kind: [] for kind in ("numeric", "categorical", "text", "shaped")}
    for field in reference.schema:
        if field.name == PREDICTION:
            found["numeric" if _is_measure(reference[PREDICTION]) else "categorical"].append(PREDICTION)
        elif field.name in (LABEL, PROBABILITIES):
            continue
        elif is_number(field.type):
            found["numeric"].append(field.name)
        elif is_text(field.type):
            for kind in _kinds_of_texts(reference[field.name]):
                found[kind].append(field.name)
    numeric, categorical, text = (tuple(found[kind]) for kind in ("numeric", "categorical", "text"))
    return Columns(numeric, categorical, text, frozenset(found["shaped"]))


def tidy(cells: Mapping[str, pa.ChunkedArray], rows: int, columns: Columns) -> pd.DataFrame:
    """Lay columns out as the comparison wants them; a column that is not there is all missing.

    Args:
        cells: Columns by name, each with `rows` values of whatever type they came in.
        rows: How many rows there are.
        columns: Which columns, and of which kind.
    """
    absent = pa.nulls(rows)
    laid: dict[str, Any] = {}
    for name in columns.numeric:
        values = numbers(cells.get(name, absent))
        laid[name] = np.clip(np.where(np.isinf(values), np.nan, values), -LARGEST, LARGEST)
    for name in (*columns.categorical, *columns.text):
        laid[name] = as_objects(texts(cells.get(name, absent), columns, name))
    return pd.DataFrame(laid, index=range(rows))


def numbers(cells: "pa.ChunkedArray | pa.Array") -> np.ndarray[Any, np.dtype[np.float64]]:
    """Cells as float64; what is missing or no number is NaN, infinities stay."""
    if isinstance(cells, pa.ChunkedArray):
        cells = _whole(cells)
    if is_number(cells.type) or pa.types.is_boolean(cells.type):
        known = pc.cast(cells, pa.float64(), safe=False)
        return np.asarray(known.to_numpy(zero_copy_only=False), dtype=np.float64)
    if not is_text(cells.type):
        return np.full(len(cells), np.nan)
    words = pc.cast(cells, pa.string()).to_pandas()
    return np.asarray(pd.to_numeric(words, errors="coerce"), dtype=np.float64)


def texts(cells: "pa.ChunkedArray | pa.Array", columns: Columns, name: str) -> pa.Array:
    """Cells as text, in Arrow's own spelling, so that 1 is `1` whether it came as an integer or a float."""
    if isinstance(cells, pa.ChunkedArray):
        cells = _whole(cells)
    if pa.types.is_nested(cells.type):
        words = pa.array([None if c is None else str(c) for c in cells.to_pylist()], pa.string())
    else:
        words = pc.cast(cells, pa.string())
    if name in columns.text:
        return pc.utf8_slice_codeunits(words, 0, LONGEST_TEXT)
    return shapes(words) if name in columns.shaped else pc.utf8_slice_codeunits(words, 0, LONGEST_CATEGORY)


def shapes(words: pa.Array) -> pa.Array:
    """Identifiers by their shape: runs of letters become `a`, runs of digits `9`."""
    lettered = pc.replace_substring_regex(words, r"[\pL\pM]+", "a")
    return pc.utf8_slice_codeunits(pc.replace_substring_regex(lettered, r"\pN+", "9"), 0, LONGEST_CATEGORY)


def as_objects(words: pa.Array) -> "pd.Series[Any]":
    """Texts as Pandas and Evidently take them; a missing one is None."""
    column: pd.Series[Any] = words.to_pandas().astype("object")
    return column.where(column.notna(), None)


def _whole(cells: pa.ChunkedArray) -> pa.Array:
    return (
        cells.chunk(0)
        if cells.num_chunks == 1
        else pa.concat_arrays(cells.chunks or [pa.nulls(0, cells.type)])
    )


def is_number(kind: pa.DataType) -> bool:
    """Whether values of this type are numbers; a boolean is none."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether values of this type are categories or texts."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind))


def _is_measure(predictions: pa.ChunkedArray) -> bool:
    """Whether predictions are measures, as regressors answer, rather than labels."""
    if not pa.types.is_floating(predictions.type):
        return False
    values = predictions.drop_null().to_numpy()
    values = values[np.isfinite(values)]
    return bool(len(values)) and bool(np.any(values != np.floor(values)))


def _kinds_of_texts(cells: pa.ChunkedArray) -> tuple[str, ...]:
    if pa.types.is_boolean(cells.type):
        return ("categorical",)
    known = pc.cast(cells, pa.string()).drop_null()
    names = len(pc.unique(known))
    if names <= max(FEWEST_NAMES, NAMES_SHARE * len(known)):
        return ("categorical",)
    if pc.all(pc.match_substring_regex(known, DATE)).as_py():
        return ()
    words = pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(known)))
    is_prose = float(np.median(words.to_numpy())) >= WORDS
    return ("text",) if is_prose else ("categorical", "shaped")
