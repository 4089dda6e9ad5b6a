"""All rows of a table that may be learned from, chunk by chunk, as a training in memory reads them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.beyond_memory.failures import reading_plainly
from projects.column_parts import strategy_of
from projects.features import read_alike
from projects.ingest.cells import LARGEST
from projects.learning.matrices import codes_of
from projects.problem import Problem
from projects.rows import TableRows
from projects.sampling.frame import chosen, frames
from projects.sampling.rows_file import ROW, connected, scan
from projects.target import read_known

CHUNK_ROWS = 65_536
"""A chunk of 100 columns of float64 takes 52 MB."""
NO_CODE = -1
MayLearn = Callable[[pd.DataFrame], Any]
Coded = tuple[NDArray[np.intp], NDArray[np.object_]]


@dataclass
class Chunk:
    """Some rows, one after the other in the table.

    Attributes:
        X: Their columns, the index is 0..n-1.
        y: Codes 0..k-1 of their classes, or numbers.
        positions: Where they are in the table.
        until: How many of the table's rows were read with this chunk.
    """

    X: pd.DataFrame
    y: NDArray[Any]
    positions: NDArray[np.int64]
    until: int
    _coded: dict[str, Coded] = field(default_factory=dict, repr=False)

    def coded(self, column: str) -> Coded:
        """Return a column of texts as codes into its distinct ones; a gap has the code -1."""
        if column not in self._coded:
            codes, levels = pd.factorize(self.X[column].to_numpy(dtype=object))
            self._coded[column] = (codes, levels)
        return self._coded[column]

    def with_frame(self, X: pd.DataFrame) -> "Chunk":
        """Return the same rows with other columns."""
        return self if X is self.X else Chunk(X, self.y, self.positions, self.until)


@dataclass(frozen=True)
class LearnedRows:
    """The rows that a last fit learns from.

    Attributes:
        problem: How they are read.
        table: The table.
        may_learn: Tells which rows of a frame say nothing of those held out.
        every: Only about one row of so many is taken, by its place in the lot.
    """

    problem: Problem
    table: TableRows
    may_learn: MayLearn
    every: int = 1

    @property
    def columns(self) -> list[str]:
        """What is learned from."""
        return [column.name for column in self.problem.features.columns]

    def chunks(self, start: int = 0, columns: Sequence[str] | None = None) -> Iterator[Chunk]:
        """Read the rows in the table's order.

        Args:
            start: The position of the first.
            columns: Which of the columns; the split is told by the others all the same.

        Raises:
            BadInput: The file cannot be read to its end.
        """
        wanted = self.columns if columns is None else list(columns)
        named = self.needed(wanted)
        path = self.table.clean.parquet
        with reading_plainly(path), connected() as connection:
            kinds = chosen(connection, path, named)
            where = f"{ROW} >= {start}"
            if self.every > 1:
                where += f" AND hash({ROW}, 'lot') % {self.every} = 0"
            query = f"SELECT * FROM {scan(path, numbered=True)} WHERE {where}"  # noqa: S608 - numbers of ours
            for frame in frames(connection, query, {**kinds, ROW: "number"}, CHUNK_ROWS):
                positions = frame.pop(ROW).to_numpy().astype(np.int64)
                made = self.chunk_of(frame.set_index(positions), wanted)
                if made is not None:
                    yield made

    def needed(self, wanted: Sequence[str]) -> list[str]:
        """Return the columns of the table that some of those to learn from are read with."""
        split, target = self.problem.asked.split, self.problem.target.name
        marks = [mark for mark in (split.group_column, split.time_column) if mark]
        complete = [name for name in self.columns if self._is_dropped(name)]
        copied = self.columns if self.problem.divided.has_whole_copies else []
        return list(dict.fromkeys([*wanted, *complete, *copied, target, *marks]))

    def _is_dropped(self, name: str) -> bool:
        return strategy_of(name, self.problem.asked.cleaning) == "drop"

    def chunk_of(self, frame: pd.DataFrame, wanted: Sequence[str]) -> Chunk | None:
        """Make a chunk of a frame whose index is the rows' positions; None if none may be learned from."""
        until = int(frame.index[-1]) + 1 if len(frame) else 0
        y = codes(frame[self.problem.target.name], self.problem)
        may = np.asarray(self.may_learn(frame)) & (np.isfinite(y) if y.dtype.kind == "f" else y != NO_CODE)
        there = [name for name in self.columns if name in frame.columns]
        X = _alike(frame, [each for each in self.problem.features.columns if each.name in there])
        complete = [name for name in there if self._is_dropped(name)]
        if complete:
            may &= X[complete].notna().all(axis=1).to_numpy()
        X = X[list(wanted)]
        if may.all():
            return Chunk(X.reset_index(drop=True), y, frame.index.to_numpy(), until)
        if not may.any():
            return None
        kept = X[may].reset_index(drop=True)
        return Chunk(kept, y[may], frame.index.to_numpy()[may], until)


def codes(cells: "pd.Series[Any]", problem: Problem) -> NDArray[Any]:
    """Read the target: codes of classes with -1 for none, or numbers with NaN for none."""
    target = problem.target
    if target.classes is None:
        found = np.full(len(cells), np.nan)
        numbers, at = read_known(cells, target)
        found[at] = numbers
        return found
    places, levels = pd.factorize(cells)
    table = np.full(len(levels) + 1, NO_CODE, dtype=np.int64)  # the last one is for a gap, whose place is -1
    truth, at = read_known(pd.Series(np.asarray(levels)), target)
    table[at] = codes_of(truth, target.classes)
    return np.asarray(table[places])


def _alike(frame: pd.DataFrame, columns: Sequence[Any]) -> pd.DataFrame:
    """Read the columns as those that were learned from; most are already what they should be."""
    cells: dict[str, Any] = {}
    for column in columns:
        values = frame[column.name]
        if column.type == "string" and values.dtype == object:
            cells[column.name] = values
        elif column.type == "double" and values.dtype == np.float64:
            cells[column.name] = values.mask(values.abs() > LARGEST)
        else:
            cells[column.name] = read_alike(frame, [column])[column.name]
    return pd.DataFrame(cells, copy=False)
