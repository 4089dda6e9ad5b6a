"""A batch of rows becomes the model's columns: float64 for numbers, objects of str and None for texts.

Where the version says how training read a column, its cells are converted alike. As in training, one odd cell
in a thousand counts as missing and is told; more of them are refused.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from projects.batch.conversion import Converter
from projects.counted import counted
from projects.errors import BadInput
from projects.hints import did_you_mean, shown
from projects.ingest.cells import BLANKS, TRUTHS, as_numbers, as_texts
from projects.ingest.decide import TOLERANCE
from projects.ingest.marks import IN_VALUES
from serving.plan.model import Column

Cells = NDArray[Any]


@dataclass(frozen=True)
class Odd:
    """Cells that are not what their column holds, and count as missing.

    Attributes:
        column: The column.
        count: How many.
        row: The first one's row.
        cell: What it holds.
    """

    column: str
    count: int
    row: int
    cell: str


def check_columns(columns: Sequence[Column], names: Sequence[str]) -> None:
    """See that a table has all that the model requires.

    Raises:
        BadInput: It lacks columns; all of them are named.
    """
    missing = [column.name for column in columns if column.required and column.name not in names]
    if missing:
        hint = did_you_mean(missing[0], names) if len(missing) == 1 else f"it has {', '.join(names[:12])}"
        raise BadInput(f"the table lacks {', '.join(repr(name) for name in missing)}; {hint}")


def read_inputs(
    batch: pa.RecordBatch,
    columns: Sequence[Column],
    first_row: int,
    converter: Converter,
) -> tuple[list[Cells], list[Odd]]:
    """Read the model's columns out of a batch; a column that may be absent is all missing then.

    Args:
        batch: Rows as they were read.
        columns: The model's inputs.
        first_row: The number of the batch's first row, for sentences.
        converter: Of the columns that it knows.

    Returns:
        One array a column, and the odd cells.

    Raises:
        BadInput: A cell is no finite number where one is needed, or too many cells are odd.
    """
    cells, odd = [], []
    for column in columns:
        at = batch.schema.get_field_index(column.name)
        if at < 0:
            cells.append(np.full(batch.num_rows, None if column.type == "string" else np.nan))
            continue
        raw = held = batch.column(at)
        if column.name in converter:
            held = converter.convert(column.name, raw)
            odd += _odd(raw, held, column, first_row, converter.marks(column.name))
        cells.append(_texts(held) if column.type == "string" else _numbers(held, column.name, first_row))
    return cells, odd


def _odd(
    raw: pa.Array, converted: pa.Array, column: Column, first_row: int, marks: Collection[str]
) -> list[Odd]:
    """Find cells that the conversion could make nothing of, marks of missing values aside."""
    if pa.types.is_dictionary(converted.type):
        converted = (
            converted.indices if converted.dictionary.null_count == 0 else converted.dictionary_decode()
        )
    if raw.null_count == converted.null_count:
        return []
    lost = np.flatnonzero(pc.and_(pc.is_valid(raw), pc.is_null(converted)).to_numpy(zero_copy_only=False))
    cells = raw.take(pa.array(lost)).to_pylist()
    wrong = [(int(row), cell) for row, cell in zip(lost, cells, strict=True) if not _is_gap(cell, marks)]
    if not wrong:
        return []
    row, cell = first_row + wrong[0][0], shown(wrong[0][1])
    if len(wrong) > int(TOLERANCE * (len(raw) - raw.null_count)):
        what = "finite numbers" if column.type != "string" else "what it held in training"
        more = f" (and {counted(len(wrong) - 1, 'more row')})" if len(wrong) > 1 else ""
        raise BadInput(
            f"column '{column.name}' must hold {what}; row {row} has {cell}{more}; correct it or leave the"
            " cell empty"
        )
    return [Odd(column.name, len(wrong), row, cell)]


def _is_gap(cell: object, marks: Collection[str]) -> bool:
    if isinstance(cell, float):
        return math.isnan(cell)
    text = cell.strip().casefold() if isinstance(cell, str) else None
    return text is not None and (text in IN_VALUES or text in marks)


def _texts(cells: pa.Array) -> Cells:
    if pa.types.is_dictionary(cells.type):
        levels = np.append(cells.dictionary.to_numpy(zero_copy_only=False), np.array([None], dtype=object))
        at = pc.fill_null(cells.indices, len(levels) - 1).to_numpy(zero_copy_only=False)
        chosen: Cells = levels[at]
        return chosen
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        texts: Cells = cells.to_numpy(zero_copy_only=False)
        return texts
    return as_texts(_series(cells)).to_numpy()


def _numbers(cells: pa.Array, name: str, first_row: int) -> Cells:
    numbers = _plain_numbers(cells)
    if numbers is not None and not np.isinf(numbers).any():
        return numbers
    read, others = as_numbers(_series(cells))
    wrong = np.flatnonzero((others | np.isinf(read)).to_numpy())
    if len(wrong):
        row, cell = first_row + int(wrong[0]), shown(cells[int(wrong[0])].as_py())
        raise BadInput(f"column '{name}' must hold finite numbers; row {row} has {cell}")
    return read.to_numpy()


def _plain_numbers(cells: pa.Array) -> Cells | None:
    """Read cells that are all plain numbers, blanks or truths; None leaves them to the careful reader."""
    kind = cells.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            cells = pc.cast(cells, pa.float64())
        except pa.ArrowInvalid:
            cells = _without_blanks(cells)
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        return None
    if cells is None:
        return None
    numbers: Cells = pc.cast(cells, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


def _without_blanks(cells: pa.Array) -> pa.Array | None:
    words = pc.utf8_lower(pc.utf8_trim_whitespace(cells))
    words = pc.if_else(pc.is_in(words, pa.array(sorted(BLANKS), words.type)), None, words)
    for word, number in TRUTHS.items():
        words = pc.if_else(pc.equal(words, word), str(number), words)
    try:
        return pc.cast(words, pa.float64())
    except pa.ArrowInvalid:
        return None


def _series(cells: pa.Array) -> "pd.Series[Any]":
    return pd.Series(cells.to_pylist(), dtype="object")
