"""Columns made of a row's other cells: date parts, sums and ratios, crosses, lengths.

Each adds its cells at the end of a row, or its columns after the others; a later one may use them.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from serving.plan.encoding.cells import NAN, Doubt, Matrix, as_floats, is_gap, number_of, text_of
from serving.plan.encoding.dates import part_of, read_date
from serving.plan.encoding.levels import Levels

SEAM = " & "
GAP = "(missing)"
PAIRS: Mapping[str, Callable[[float, float], float]] = {
    "product": lambda left, right: left * right,
    "ratio": lambda left, right: left / right if right else NAN,
    "difference": lambda left, right: left - right,
    "sum": lambda left, right: left + right,
}
PAIRS_OF_COLUMNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "product": np.multiply,
    "ratio": np.divide,
    "difference": np.subtract,
    "sum": np.add,
}


class Derived(Protocol):
    """Adds cells."""

    def extend(self, row: list[Any]) -> None:
        """Add one row's cells at its end."""
        ...

    def extend_all(self, columns: list[Any]) -> None:
        """Add columns at the end."""
        ...


class DateColumns:
    """The parts of one column of date texts.

    Args:
        index: The text's place in a row.
        parts: The parts, in order.
        newest: What ages count back from, ISO text.
    """

    def __init__(self, index: int, parts: Sequence[str], newest: str | None) -> None:
        self._index, self._parts, self._newest = index, tuple(parts), read_date(newest)
        gaps = (NAN,) * len(self._parts)
        self._levels: Levels[tuple[float, ...]] = Levels({}, gaps, gaps, self._taken)

    def extend(self, row: list[Any]) -> None:
        """Add the parts of one row's date."""
        row.extend(self._of(row[self._index]))

    def extend_all(self, columns: list[Any]) -> None:
        """Add a column a part."""
        cells = np.array([self._of(text) for text in columns[self._index]], dtype=np.float64)
        columns.extend(np.ascontiguousarray(cells.reshape(-1, len(self._parts)).T))

    def _of(self, text: Any) -> tuple[float, ...]:
        found = self._levels.find(text) if isinstance(text, str) else None
        if found is not None:
            return found
        return self._levels.of(text if isinstance(text, str) else None)

    def _taken(self, text: str) -> tuple[float, ...]:
        moment = read_date(text)
        if moment is None:
            return (NAN,) * len(self._parts)
        return tuple(part_of(moment, part, self._newest) for part in self._parts)


class PairOfNumbers:
    """A product, a ratio, a difference or a sum of two columns.

    Args:
        kind: Which.
        left: The first number's place in a row.
        right: The second one's.
    """

    def __init__(self, kind: str, left: int, right: int) -> None:
        self._one, self._all, self._left, self._right = PAIRS[kind], PAIRS_OF_COLUMNS[kind], left, right

    def extend(self, row: list[Any]) -> None:
        """Add one row's number."""
        left, right = number_of(row[self._left], self._left), number_of(row[self._right], self._right)
        row.append(_finite(self._one(left, right)))

    def extend_all(self, columns: list[Any]) -> None:
        """Add the column of numbers."""
        with np.errstate(all="ignore"):
            cells = self._all(as_floats(columns[self._left]), as_floats(columns[self._right]))
        columns.append(np.where(np.isfinite(cells), cells, NAN))


class OneNumber:
    """A logarithm, a number within bounds or a bin of one column.

    Args:
        kind: Which.
        index: The number's place in a row.
        more: What the kind needs: `lower` and `upper`, or `edges`.
    """

    def __init__(self, kind: str, index: int, more: Mapping[str, Any]) -> None:
        self._kind, self._index = kind, index
        self._edges = [float(edge) for edge in more.get("edges", ())]
        self._low, self._high = float(more.get("lower", 0)), float(more.get("upper", 0))

    def extend(self, row: list[Any]) -> None:
        """Add one row's number."""
        number = number_of(row[self._index], self._index)
        row.append(number if math.isnan(number) else _finite(self._made(number)))

    def extend_all(self, columns: list[Any]) -> None:
        """Add the column of numbers."""
        numbers = as_floats(columns[self._index])
        if self._kind == "log":
            columns.append(np.copysign(np.log1p(np.abs(numbers)), numbers))
        elif self._kind == "clip":
            columns.append(np.clip(numbers, self._low, self._high))
        else:
            bins = np.searchsorted(self._edges, numbers, side="right")
            columns.append(np.where(np.isnan(numbers), NAN, bins))

    def _made(self, number: float) -> float:
        if self._kind == "log":
            return math.copysign(float(np.log1p(abs(number))), number)
        if self._kind == "clip":
            return min(max(number, self._low), self._high)
        return float(bisect_right(self._edges, number))


class OfCells:
    """What is made of cells one row at a time: crosses, prefixes, lengths, days between, gaps.

    Args:
        make: Makes the new cell of the old ones.
        indices: Their places in a row.
    """

    def __init__(self, make: Callable[..., Any], indices: Sequence[int]) -> None:
        self._make, self._indices = make, tuple(indices)

    def extend(self, row: list[Any]) -> None:
        """Add one row's cell."""
        row.append(self._make(*[row[index] for index in self._indices]))

    def extend_all(self, columns: list[Any]) -> None:
        """Add the column."""
        try:
            columns.append(list(map(self._make, *[columns[index] for index in self._indices])))
        except (TypeError, ValueError) as error:
            raise Doubt from error


def cross(*cells: object) -> str:
    """Join texts; a gap is a level of its own."""
    return SEAM.join([GAP if (text := text_of(cell)) is None else text for cell in cells])


def prefix(length: int) -> Callable[[object], str | None]:
    """Make what takes the first letters of a text."""
    return lambda cell: None if (text := text_of(cell)) is None else text[:length]


def letters(cell: object) -> float:
    """Count a text's letters."""
    return NAN if (text := text_of(cell)) is None else float(len(text))


def words(cell: object) -> float:
    """Count a text's words."""
    return NAN if (text := text_of(cell)) is None else float(len(text.split()))


def days_between(end: object, start: object) -> float:
    """Count the days from the second date to the first."""
    later, earlier = read_date(end), read_date(start)
    if later is None or earlier is None:
        return NAN
    return part_of(earlier, "age_days", later)


def missing(cell: object) -> float:
    """1 for a gap, 0 for all else."""
    return float(is_gap(cell))


OF_CELLS: Mapping[str, Callable[..., Any]] = {
    "cross": cross,
    "days_between": days_between,
    "length": letters,
    "words": words,
    "is_missing": missing,
}


def _finite(number: float) -> float:
    return number if math.isfinite(number) else NAN


def stacked(columns: Sequence[Any], indices: Sequence[int]) -> Matrix:
    """Return columns as float64 side by side."""
    matrix: Matrix = np.empty((len(columns[indices[0]]), len(indices)))
    for place, index in enumerate(indices):
        matrix[:, place] = as_floats(columns[index])
    return matrix
