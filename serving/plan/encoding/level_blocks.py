"""Columns of texts: a cell set to 1, one number, or several numbers, each through one dictionary."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np

from serving.plan.encoding.cells import BadCell, Cells, Doubt, Matrix, Row, Table
from serving.plan.encoding.levels import Levels

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OneHot:
    """One text column: its place in a row, and the matrix column that each text sets.

    Attributes:
        index: The text's place in a row.
        levels: The matrix column for each text; the matrix's width sets none.
    """

    index: int
    levels: Levels[int]


@dataclass(frozen=True, slots=True)
class Value:
    """One text column that becomes one number, in the matrix column `slot`."""

    index: int
    slot: int
    levels: Levels[float]


@dataclass(frozen=True, slots=True)
class Vector:
    """One text column that becomes `width` numbers, from the matrix column `start` on."""

    index: int
    start: int
    width: int
    levels: "Levels[array[float]]"


class OneHotBlock:
    """Sets one cell a text column to 1, or none.

    Args:
        columns: The text columns.
        width: The matrix's width.
    """

    def __init__(self, columns: Sequence[OneHot], width: int) -> None:
        self._lookups = [(column.index, column.levels.find, column.levels) for column in columns]
        self._width = width

    def place(self, row: Row, cells: "Cells[float]") -> None:
        """Set one row's cells."""
        index = 0
        try:
            for index, find, levels in self._lookups:
                position = find(row[index])
                if position is None:
                    position = levels.of(row[index])
                cells[position] = 1.0
        except TypeError as error:
            raise BadCell(index, "text") from error

    def place_all(self, table: Table, matrix: Matrix) -> None:
        """Set many rows' columns."""
        columns = [(table.column(index), find, levels) for index, find, levels in self._lookups]
        size = len(matrix) * len(columns)
        try:
            # All columns in one array: numpy's overhead a call is what costs most for tens of rows.
            found = chain.from_iterable([map(find, column) for column, find, _ in columns])
            positions = np.fromiter(found, np.intp, size)
        except TypeError:
            each = chain.from_iterable([_each(levels, column) for column, _, levels in columns])
            positions = np.fromiter(each, np.intp, size)
        flat = positions.reshape(len(columns), -1) + np.arange(len(matrix)) * self._width
        if positions.max() == self._width:
            flat = flat[positions.reshape(len(columns), -1) < self._width]
        matrix.reshape(-1)[flat] = 1.0


class ValueBlock:
    """Sets one number a text column.

    Args:
        columns: The text columns.
    """

    def __init__(self, columns: Sequence[Value]) -> None:
        self._lookups = [(column.index, column.slot, column.levels.find, column.levels) for column in columns]

    def place(self, row: Row, cells: "Cells[float]") -> None:
        """Set one row's cells."""
        index = 0
        try:
            for index, slot, find, levels in self._lookups:
                value = find(row[index])
                cells[slot] = levels.of(row[index]) if value is None else value
        except TypeError as error:
            raise BadCell(index, "text") from error

    def place_all(self, table: Table, matrix: Matrix) -> None:
        """Set many rows' columns."""
        for index, slot, find, levels in self._lookups:
            column = table.column(index)
            try:
                numbers = np.fromiter(map(find, column), np.float64, len(column))
            except TypeError as error:
                raise Doubt from error
            if np.isnan(numbers).any():  # numpy reads the None of a text to be asked for as NaN
                numbers = np.fromiter(_each(levels, column), np.float64, len(column))
            matrix[:, slot] = numbers


class VectorBlock:
    """Sets several numbers a text column.

    Args:
        columns: The text columns.
    """

    def __init__(self, columns: Sequence[Vector]) -> None:
        self._lookups = [
            (
                column.index,
                slice(column.start, column.start + column.width),
                column.levels.find,
                column.levels,
            )
            for column in columns
        ]

    def place(self, row: Row, cells: "Cells[float]") -> None:
        """Set one row's cells."""
        index = 0
        try:
            for index, span, find, levels in self._lookups:
                vector = find(row[index])
                cells[span] = levels.of(row[index]) if vector is None else vector
        except TypeError as error:
            raise BadCell(index, "text") from error

    def place_all(self, table: Table, matrix: Matrix) -> None:
        """Set many rows' columns."""
        for index, span, find, levels in self._lookups:
            column = table.column(index)
            try:
                joined = b"".join(map(find, column))  # type: ignore[arg-type]
            except TypeError:
                vectors = _each(levels, column)
                joined = b"".join(vectors)
            matrix[:, span] = np.frombuffer(joined, np.float64).reshape(len(column), -1)


def _each(levels: Levels[T], column: Sequence[object]) -> list[T]:
    try:
        return [levels.of(value) for value in column]
    except TypeError as error:
        raise Doubt from error
