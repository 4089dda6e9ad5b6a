"""Rows of plain values become the dense matrix that the fitted ColumnTransformer would make.

Numbers come first (imputed, then scaled with the same float operations as scikit-learn), then the one-hot
blocks of the categories, each through one dictionary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.plan.model import Column, PlanInputError

Matrix = NDArray[np.float64]
NOWHERE = -1
"""The position of a category that sets no cell."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numeric columns: their places in a row, what fills a gap, and the scaling if there is one."""

    indices: tuple[int, ...]
    fills: Matrix
    means: Matrix | None
    scales: Matrix | None


@dataclass(frozen=True, slots=True)
class Category:
    """One text column: its place in a row, and the matrix column for each text, a gap and the unseen."""

    index: int
    positions: dict[str, int]
    missing: int
    unseen: int


class Encoder:
    """Encodes rows in the order of `columns`; holds no state between calls.

    Args:
        columns: The inputs, in the order of a row's values.
        numbers: The numeric block.
        categories: The one-hot blocks.
        width: How many columns the matrix has.
    """

    def __init__(
        self, columns: Sequence[Column], numbers: Numbers, categories: Sequence[Category], width: int
    ) -> None:
        self._columns = tuple(columns)
        self._numbers = numbers
        self._all_numbers = not categories and numbers.indices == tuple(range(len(self._columns)))
        self._lookups = [
            (
                category.index,
                {**category.positions, None: category.missing},
                category.missing,
                category.unseen,
            )
            for category in categories
        ]
        self._width = width

    def encode(self, rows: Sequence[Sequence[object]]) -> Matrix:
        """Turn rows into the estimator's matrix, float64 of shape (rows, width).

        Raises:
            PlanInputError: No rows, a row of another length, or a value that its column cannot take.
        """
        self._check_lengths(rows)
        numbers = self._filled(self._as_numbers(rows), rows)
        if self._all_numbers:
            return numbers
        matrix = np.zeros((len(rows), self._width))
        matrix[:, : numbers.shape[1]] = numbers
        self._set_categories(matrix, rows)
        return matrix

    def _check_lengths(self, rows: Sequence[Sequence[object]]) -> None:
        if not rows:
            raise PlanInputError("at least one row is needed; there is none")
        wanted = len(self._columns)
        for number, row in enumerate(rows):
            if len(row) != wanted:
                raise PlanInputError(f"row {number} must have {wanted} values, not {len(row)}")

    def _as_numbers(self, rows: Sequence[Sequence[object]]) -> Matrix:
        indices = self._numbers.indices
        cells = rows if self._all_numbers else [[row[index] for index in indices] for row in rows]
        try:
            numbers: Matrix = np.array(cells, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._not_a_number(rows) from error
        if numbers.shape != (len(rows), len(indices)):
            raise self._not_a_number(rows)
        return numbers

    def _filled(self, raw: Matrix, rows: Sequence[Sequence[object]]) -> Matrix:
        finished = self._scaled(raw)
        if np.isfinite(finished).all():
            return finished
        if np.isinf(raw).any():
            row, place = np.argwhere(np.isinf(raw))[0]
            raise PlanInputError(
                self._sentence(rows, int(row), self._numbers.indices[place], "a finite number")
            )
        finished = self._scaled(np.where(np.isnan(raw), self._numbers.fills, raw))
        if not np.isfinite(finished).all():
            row, place = np.argwhere(~np.isfinite(finished))[0]
            wanted = "a number that stays finite when scaled"
            raise PlanInputError(self._sentence(rows, int(row), self._numbers.indices[place], wanted))
        return finished

    def _scaled(self, numbers: Matrix) -> Matrix:
        if self._numbers.means is None or self._numbers.scales is None:
            return numbers
        with np.errstate(over="ignore", invalid="ignore"):
            return (numbers - self._numbers.means) / self._numbers.scales

    def _set_categories(self, matrix: Matrix, rows: Sequence[Sequence[object]]) -> None:
        for number, row in enumerate(rows):
            cells = matrix[number]
            for index, positions, missing, unseen in self._lookups:
                value = row[index]
                try:
                    position = positions.get(value, unseen)
                    if position == unseen and value != value:  # noqa: PLR0124 - only NaN differs from itself
                        position = missing
                except TypeError as error:
                    raise PlanInputError(self._sentence(rows, number, index, "text")) from error
                if position != NOWHERE:
                    cells[position] = 1.0

    def _not_a_number(self, rows: Sequence[Sequence[object]]) -> PlanInputError:
        for number, row in enumerate(rows):
            for index in self._numbers.indices:
                if not _is_number(row[index]):
                    return PlanInputError(self._sentence(rows, number, index, "a number"))
        return PlanInputError("the numeric columns must hold one number a cell")

    def _sentence(self, rows: Sequence[Sequence[object]], row: int, index: int, wanted: str) -> str:
        return (
            f"column '{self._columns[index].name}' must be {wanted}; row {row} has {rows[row][index]!r:.80}"
        )


def _is_number(value: object) -> bool:
    try:
        return np.array(value, dtype=np.float64).ndim == 0
    except (TypeError, ValueError, OverflowError):
        return False
