"""Rows of plain values become the dense matrix that the fitted steps before the model would make.

One row is placed cell by cell into a copy of a template, which costs a few microseconds; many rows go column
by column. Both ways give the same numbers. A refused cell is found by looking at the rows one by one.
"""

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.plan.encoding.cells import BadCell, Block, Cells, Doubt, Matrix
from serving.plan.encoding.derived import Derived, stacked
from serving.plan.encoding.number_block import NumberBlock
from serving.plan.model import Column, PlanInputError

FEW, FEW_NUMBERS = 24, 3
"""Up to so many rows, one by one is faster than column by column: with texts, and without any."""
DOUBLE = np.dtype(np.float64)


class Encoder:
    """Encodes rows in the order of `columns`. Safe to call from several threads.

    Args:
        columns: The inputs, in the order of a row's values.
        derived: What is added to a row first, in order.
        blocks: What makes the matrix of it.
        template: The matrix's row before any block; its length is the width.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        derived: Sequence[Derived],
        blocks: Sequence[Block],
        template: Sequence[float],
    ) -> None:
        self._columns = tuple(columns)
        self._wanted = len(self._columns)
        self._derived = tuple(derived)
        self._blocks = tuple(blocks)
        self._places = tuple(block.place for block in blocks)
        has_texts = bool(derived) or not all(isinstance(block, NumberBlock) for block in blocks)
        self._few = FEW if has_texts else FEW_NUMBERS
        first = blocks[0] if len(blocks) == 1 else None
        is_alone = isinstance(first, NumberBlock) and first.is_all_of(len(template))
        self._alone = first if is_alone and isinstance(first, NumberBlock) else None
        self._template = array("d", [*template, 0.0])
        self._shape = (1, len(template))
        self._row = np.array(template, dtype=np.float64)

    @property
    def width(self) -> int:
        """How many columns the matrix has."""
        return self._shape[1]

    def encode(self, rows: Sequence[Sequence[object]]) -> Matrix:
        """Turn rows into the model's matrix, float64 of shape (rows, width).

        Raises:
            PlanInputError: No rows, a row of another length, or a value that its column cannot take.
        """
        if len(rows) == 1:
            return np.ndarray(self._shape, DOUBLE, self._one(rows, 0))
        if not rows:
            raise PlanInputError("at least one row is needed; there is none")
        if len(rows) <= self._few:
            return self._one_by_one(rows)
        for number, row in enumerate(rows):
            if len(row) != self._wanted:
                raise self._bad_length(number, row)
        try:
            return self._matrix(_Rows([self._extended(row) for row in rows] if self._derived else rows))
        except (Doubt, BadCell):
            return self._one_by_one(rows)

    def encode_columns(self, columns: Sequence[NDArray[Any] | list[Any]]) -> Matrix:
        """Turn columns into the model's matrix.

        Args:
            columns: One for each input, all as long: float64 arrays for numbers, arrays or lists of str
                and None for texts.

        Raises:
            PlanInputError: No rows, columns too few or too many or of different lengths, or a value that
                its column cannot take.
        """
        if len(columns) != self._wanted:
            raise PlanInputError(f"{self._wanted} columns are needed, not {len(columns)}")
        lengths = {len(column) for column in columns}
        if len(lengths) != 1:
            raise PlanInputError(f"all columns must be as long; there are {sorted(lengths)}")
        if lengths == {0}:
            raise PlanInputError("at least one row is needed; there is none")
        cells = [_as_list(column) for column in columns]
        try:
            for derived in self._derived:
                derived.extend_all(cells)
            return self._matrix(_Columns(cells))
        except (Doubt, BadCell):
            return self._one_by_one(list(zip(*cells[: self._wanted], strict=True)))

    def _one_by_one(self, rows: Sequence[Sequence[object]]) -> Matrix:
        total = array("d")
        for number in range(len(rows)):
            total += self._one(rows, number)
            total.pop()
        return np.ndarray((len(rows), self.width), DOUBLE, total)

    def _one(self, rows: Sequence[Sequence[object]], number: int) -> "Cells[float]":
        row = rows[number]
        if len(row) != self._wanted:
            raise self._bad_length(number, row)
        cells = self._template[:]
        try:
            if self._derived:
                row = self._extended(row)
            for place in self._places:
                place(row, cells)
        except BadCell as error:
            raise self._bad_cell(error, number, row) from error
        return cells

    def _extended(self, row: Sequence[object]) -> list[object]:
        longer = list(row)
        for derived in self._derived:
            derived.extend(longer)
        return longer

    def _matrix(self, table: "_Rows | _Columns") -> Matrix:
        if self._alone is not None:
            return self._alone.matrix(table)
        matrix = np.empty((table.rows, self.width))
        matrix[:] = self._row
        for block in self._blocks:
            block.place_all(table, matrix)
        return matrix

    def _bad_length(self, number: int, row: Sequence[object]) -> PlanInputError:
        return PlanInputError(f"row {number} must have {self._wanted} values, not {len(row)}")

    def _bad_cell(self, error: BadCell, number: int, row: Sequence[object]) -> PlanInputError:
        name = self._columns[error.index].name if error.index < self._wanted else "made of others"
        return PlanInputError(
            f"column '{name}' must be {error.wanted}; row {number} has {row[error.index]!r:.80}"
        )


class _Rows:
    """Many rows, as they come in a request."""

    def __init__(self, rows: Sequence[Sequence[object]]) -> None:
        self._cells = rows
        self._columns: list[Sequence[object]] = []
        self.rows = len(rows)

    def numbers(self, indices: Sequence[int]) -> Matrix:
        is_whole = tuple(indices) == tuple(range(len(self._cells[0])))
        chosen = self._cells if is_whole else [self.column(index) for index in indices]
        try:
            numbers: Matrix = np.array(chosen, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise Doubt from error
        numbers = numbers if is_whole else numbers.T
        if numbers.shape != (self.rows, len(indices)):
            raise Doubt
        return numbers

    def column(self, index: int) -> Sequence[object]:
        if not self._columns:
            self._columns = list(zip(*self._cells, strict=True))
        return self._columns[index]


class _Columns:
    """Many rows, by column."""

    def __init__(self, columns: Sequence[Any]) -> None:
        self._columns = columns
        self.rows = len(columns[0])

    def numbers(self, indices: Sequence[int]) -> Matrix:
        return stacked(self._columns, indices)

    def column(self, index: int) -> Sequence[object]:
        cells: Sequence[object] = self._columns[index]
        return cells


def _as_list(column: Any) -> Any:
    return column.tolist() if isinstance(column, np.ndarray) and column.dtype.kind not in "fiub" else column
