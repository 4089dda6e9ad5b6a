"""A random sample of bounded size from rows that pass by, mergeable with the sample of other rows.

Each row draws a number, and those with the smallest numbers stay: every set of so many rows is as likely.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from monitoring.columns import as_objects

Cells = Mapping[str, Any]
"""By column: a NumPy array of numbers, or an Arrow array of texts."""


@dataclass(slots=True)
class RowSample:
    """At most `size` rows.

    Attributes:
        size: The most rows that are kept.
        rng: What they are drawn by.
        drawn: The kept rows' numbers, part by part.
        cells: The kept rows.
    """

    size: int
    rng: np.random.Generator
    drawn: list[np.ndarray[Any, Any]] = field(default_factory=list)
    cells: list[Cells] = field(default_factory=list)
    _bound: float = 1.0
    _rows: int = 0

    def add(self, cells: Cells, rows: int) -> None:
        """Let so many rows pass by, in cells of one array a column."""
        drawn = self.rng.random(rows)
        kept = np.flatnonzero(drawn < self._bound)
        if len(kept):
            whole = len(kept) == rows
            self._take(drawn[kept], cells if whole else {n: _take(c, kept) for n, c in cells.items()})

    def merge(self, other: "RowSample") -> None:
        """Let the rows of another sample pass by, with the numbers that they drew."""
        for drawn, cells in zip(other.drawn, other.cells, strict=True):
            self._take(drawn, cells)

    def frame(self) -> pd.DataFrame:
        """The sample, a column a column, in the order in which the rows came."""
        self._shrink()
        if not self.cells:
            return pd.DataFrame()
        names = self.cells[0]
        return pd.DataFrame({name: _joined([cells[name] for cells in self.cells]) for name in names})

    def _take(self, drawn: np.ndarray[Any, Any], cells: Cells) -> None:
        self.drawn.append(drawn)
        self.cells.append(cells)
        self._rows += len(drawn)
        if self._rows > 2 * self.size:
            self._shrink()

    def _shrink(self) -> None:
        if self._rows <= self.size:
            return
        self._bound = float(np.partition(np.concatenate(self.drawn), self.size)[self.size])
        kept = [np.flatnonzero(drawn < self._bound) for drawn in self.drawn]
        parts = list(zip(self.drawn, self.cells, kept, strict=True))
        self.drawn = [drawn[places] for drawn, _, places in parts]
        self.cells = [{n: _take(c, places) for n, c in cells.items()} for _, cells, places in parts]
        self._rows = sum(len(drawn) for drawn in self.drawn)


def _take(column: Any, places: np.ndarray[Any, Any]) -> Any:
    return column[places] if isinstance(column, np.ndarray) else column.take(pa.array(places))


def _joined(parts: list[Any]) -> Any:
    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else as_objects(pa.concat_arrays(parts))
