"""What a row's cells are read as, and the one way in which a cell can be refused."""

import math
from array import array
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Row = Sequence[object]
Cells = array  # of doubles: one row of the matrix, and one more cell that nobody reads
NAN = math.nan


class BadCell(Exception):  # noqa: N818 - a finding, turned into a sentence where the column's name is known
    """A cell that its column cannot take.

    Args:
        index: The column's place in the row.
        wanted: What it must be.
    """

    def __init__(self, index: int, wanted: str) -> None:
        super().__init__(wanted)
        self.index, self.wanted = index, wanted


class Doubt(Exception):  # noqa: N818 - a finding: the rows must be looked at one by one
    """Some cell of many may be refused."""


class Block(Protocol):
    """Some columns of the matrix; holds no state that changes an answer."""

    def place(self, row: Row, cells: "Cells[float]") -> None:
        """Set the block's cells of one row.

        Raises:
            BadCell: A cell that its column cannot take.
        """
        ...

    def place_all(self, table: "Table", matrix: Matrix) -> None:
        """Set the block's columns of many rows.

        Raises:
            Doubt: Some cell may be one that its column cannot take.
        """
        ...


class Table(Protocol):
    """Many rows, by column."""

    def numbers(self, indices: Sequence[int]) -> Matrix:
        """Return columns as float64 of shape (rows, len(indices)), NaN where there is a gap."""
        ...

    def column(self, index: int) -> Sequence[object]:
        """Return one column's cells."""
        ...


def number_of(value: Any, index: int) -> float:
    """Read a cell as a number, NaN for a gap; `index` is its column's place.

    Raises:
        BadCell: It is no number, or infinite.
    """
    if value is None:
        return NAN
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadCell(index, "a number") from error
    if math.isinf(number):
        raise BadCell(index, "a finite number")
    return number


def is_gap(value: object) -> bool:
    """Whether a cell is missing: None, or what differs from itself, as NaN alone does."""
    return value is None or value != value  # noqa: PLR0124


def text_of(value: object) -> str | None:
    """Read a cell as a text, None for a gap."""
    if isinstance(value, str):
        return value
    return None if is_gap(value) else str(value)


def as_floats(cells: Any) -> Matrix:
    """Read cells as float64, NaN for gaps.

    Raises:
        Doubt: Some cell is no number, or infinite.
    """
    try:
        numbers: Matrix = np.array(cells, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise Doubt from error
    if np.isinf(numbers).any():
        raise Doubt
    return numbers
