"""Columns of numbers side by side: pulled to bounds, filled, scaled, and flags for what was missing.

Few numbers are fastest in plain Python; a sum tells at once whether all of them are finite numbers. The float
operations are scikit-learn's, in its order.
"""

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

import numpy as np

from serving.plan.encoding.cells import BadCell, Cells, Doubt, Matrix, Row, Table, number_of

Scaling = Literal["none", "shift", "stretch"]
UNSCALABLE = "a number that stays finite when scaled"


@dataclass(frozen=True, slots=True)
class Flag:
    """A matrix column that tells whether a number was missing.

    Attributes:
        place: The number's place in its block.
        slot: The matrix column.
        present: Its value where the number was there.
        missing: Its value where it was not.
    """

    place: int
    slot: int
    present: float
    missing: float


@dataclass(frozen=True, slots=True)
class Numbers:
    """A block of numbers.

    Attributes:
        start: Its first matrix column.
        sources: The numbers' places in a row.
        fills: What fills a gap, before scaling.
        low: The lower bounds, or None.
        high: The upper bounds, or None with `low`.
        scaling: `shift` makes (x - a) / b, `stretch` makes x * a + b.
        a: The first numbers of the scaling; empty without one.
        b: The second ones.
        flags: What tells of gaps.
    """

    start: int
    sources: tuple[int, ...]
    fills: tuple[float, ...]
    low: tuple[float, ...] | None
    high: tuple[float, ...] | None
    scaling: Scaling
    a: tuple[float, ...]
    b: tuple[float, ...]
    flags: tuple[Flag, ...]


class NumberBlock:
    """Places a block of numbers.

    Args:
        numbers: What it does.
    """

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._span = slice(numbers.start, numbers.start + len(numbers.sources))
        self._values = _getter(numbers.sources)
        self._is_plain = numbers.scaling == "none" and numbers.low is None
        self._bounds = (
            None if numbers.low is None else tuple(zip(numbers.low, numbers.high or (), strict=True))
        )
        self._scales = tuple(zip(numbers.a, numbers.b, strict=True))
        self._arrays: dict[str, Matrix] = {
            name: np.array(getattr(numbers, name) or ()) for name in ("fills", "low", "high", "a", "b")
        }

    def place(self, row: Row, cells: "Cells[float]") -> None:
        """Set one row's cells."""
        values = self._values(row)
        try:
            is_usual = math.isfinite(sum(values))
        except (TypeError, OverflowError):
            is_usual = False
        if is_usual and not self._is_plain:
            values = self._finished(values)
            is_usual = math.isfinite(sum(values))
        if is_usual:
            cells[self._span] = array("d", values)
        else:
            self._place_each(row, cells)

    def place_all(self, table: Table, matrix: Matrix) -> None:
        """Set many rows' columns."""
        raw = table.numbers(self._numbers.sources)
        matrix[:, self._span] = self._usable(raw)
        if self._numbers.flags:
            gaps = np.isnan(raw)
            for flag in self._numbers.flags:
                matrix[gaps[:, flag.place], flag.slot] = flag.missing

    def is_all_of(self, width: int) -> bool:
        """Whether the block alone makes a matrix of this width."""
        return self._span == slice(0, width) and not self._numbers.flags

    def matrix(self, table: Table) -> Matrix:
        """Return the matrix that the block alone makes.

        Raises:
            Doubt: Some cell may be one that its column cannot take.
        """
        return np.ascontiguousarray(self._usable(table.numbers(self._numbers.sources)))

    def _usable(self, raw: Matrix) -> Matrix:
        finished = self._finished_all(raw)
        if np.isfinite(finished).all() and self._numbers.low is None:
            return finished
        if np.isinf(raw).any():
            raise Doubt
        finished = self._finished_all(np.where(np.isnan(raw), self._arrays["fills"], raw))
        if not np.isfinite(finished).all():
            raise Doubt
        return finished

    def _finished(self, values: Sequence[float]) -> Sequence[float]:
        if self._bounds is not None:
            values = [
                low if value < low else high if value > high else value  # noqa: FURB136 - twice as fast
                for value, (low, high) in zip(values, self._bounds, strict=True)
            ]
        if self._numbers.scaling == "shift":
            return [(value - a) / b for value, (a, b) in zip(values, self._scales, strict=True)]
        if self._numbers.scaling == "stretch":
            return [value * a + b for value, (a, b) in zip(values, self._scales, strict=True)]
        return values

    def _place_each(self, row: Row, cells: "Cells[float]") -> None:
        numbers = [number_of(row[index], index) for index in self._numbers.sources]
        filled = [
            fill if math.isnan(number) else number
            for number, fill in zip(numbers, self._numbers.fills, strict=True)
        ]
        finished = self._finished(filled)
        for place, number in enumerate(finished):
            if not math.isfinite(number):
                raise BadCell(self._numbers.sources[place], UNSCALABLE)
        cells[self._span] = array("d", finished)
        for flag in self._numbers.flags:
            if math.isnan(numbers[flag.place]):
                cells[flag.slot] = flag.missing

    def _finished_all(self, raw: Matrix) -> Matrix:
        numbers, arrays = raw, self._arrays
        with np.errstate(over="ignore", invalid="ignore"):
            if self._bounds is not None:
                numbers = np.clip(numbers, arrays["low"], arrays["high"])
            if self._numbers.scaling == "shift":
                numbers = (numbers - arrays["a"]) / arrays["b"]
            elif self._numbers.scaling == "stretch":
                numbers = numbers * arrays["a"] + arrays["b"]
        return numbers


def _getter(sources: tuple[int, ...]) -> Callable[[Row], Sequence[Any]]:
    if len(sources) == 1:
        only = sources[0]
        return lambda row: (row[only],)
    return itemgetter(*sources)
