"""The steps before a model, learned from all rows: a few passes, then rows become the matrix chunk by chunk.

The sample's fitted pipeline says what the steps are. New columns and the choice of columns stay as the sample
made them; the ColumnTransformer's parts are learned anew.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from projects.beyond_memory.chunks import Chunk
from projects.beyond_memory.parts import Ground, Part

COLUMNS = "columns"
Tell = Callable[[int], None]
"""Told after each chunk how many rows of the table are read."""


@dataclass
class Preparing:
    """Learns the preparation of a pipeline from all rows.

    Attributes:
        steps: The fitted steps before the model.
        ground: What all parts share; its scout is of the table's own columns.
    """

    steps: list[tuple[str, Any]]
    ground: Ground
    parts: dict[str, Part] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        *first, (name, columns) = self.steps
        if name != COLUMNS or not isinstance(columns, ColumnTransformer):
            raise ValueError("a preparation ends with its columns")
        self._first, self._columns = Pipeline(first) if first else None, columns
        scout = self.ground.scout
        made = Ground(
            self.ground.truth, self.ground.seed, self.ground.rows, self._before(scout), self.ground.tables
        )
        self.ground = made
        for each, pipeline, names in columns.transformers_:
            if each != "remainder" and len(names):
                self.parts[each] = Part(pipeline, list(names), made)
        if first:
            self.said.append(f"{', '.join(each for each, _ in first)} stay as the sample made them")

    @property
    def is_done(self) -> bool:
        """Whether all parts are learned."""
        return all(part.is_done for part in self.parts.values())

    @property
    def needed(self) -> list[str] | None:
        """The columns of the table that the next pass reads; None for all."""
        if self._first is not None:
            return None
        waiting = [part for part in self.parts.values() if not part.is_done]
        return list(dict.fromkeys(name for part in waiting for name in part.columns))

    def learn(self, chunks: Iterable[Chunk], tell: Tell) -> int:
        """Make one pass over the rows; return how many there were."""
        rows, waiting = 0, [part for part in self.parts.values() if not part.is_done]
        fresh = [name for name, table in self.ground.tables.items() if not table.is_done]
        for read in chunks:
            chunk = self._before(read)
            if fresh:
                folds, targets = self.ground.folds(chunk), self.ground.truth.columns(chunk.y)
                for name in fresh:
                    self.ground.tables[name].learn(chunk.coded(name), folds, targets)
            for part in waiting:
                part.learn(chunk)
            rows += len(chunk.y)
            tell(read.until)
        for name in fresh:
            self.ground.tables[name].finish()
        for part in waiting:
            part.end_pass()
        return rows

    def finished(self) -> "Prepared":
        """Return the fitted steps, and what rows learn from."""
        columns = deepcopy(self._columns)
        first, slices = 0, {}
        made = []
        widths = {name: part.cells(self.ground.scout).shape[1] for name, part in self.parts.items()}
        for name, pipeline, names in columns.transformers_:
            width = widths.get(name, 0)
            slices[name] = slice(first, first + width)
            first += width
            made.append((name, self.parts[name].fitted if name in self.parts else pipeline, names))
        columns.transformers_ = made
        columns.output_indices_ = {name: slices.get(name, slice(0, 0)) for name in columns.output_indices_}
        for name, table in self.ground.tables.items():
            if table.lost:
                self.said.append(
                    f"'{name}' has more texts than {table.most:,}: the rarest, {table.lost:,} rows, are taken"
                    " for unseen ones"
                )
        self.said += [said for part in self.parts.values() for said in part.said]
        steps = [*self.steps[:-1], (COLUMNS, columns)]
        return Prepared(steps, self._first, list(self.parts.values()), first, tuple(dict.fromkeys(self.said)))

    def _before(self, chunk: Chunk) -> Chunk:
        return chunk if self._first is None else chunk.with_frame(self._first.transform(chunk.X))


@dataclass(frozen=True)
class Prepared:
    """A preparation that learned from all rows.

    Attributes:
        steps: Before the model, fitted.
        first: Those before the columns.
        parts: Make what rows learn from.
        width: Columns of the matrix.
        said: What a person should know of how it was learned.
    """

    steps: list[tuple[str, Any]]
    first: Pipeline | None
    parts: list[Part]
    width: int
    said: tuple[str, ...]

    def matrix(self, chunk: Chunk) -> NDArray[np.float64]:
        """Return what the rows of a chunk learn from, shape (rows, width)."""
        if self.first is not None:
            chunk = chunk.with_frame(self.first.transform(chunk.X))
        made = np.empty((len(chunk.y), self.width))
        at = 0
        for part in self.parts:
            cells = part.cells(chunk)
            made[:, at : at + cells.shape[1]] = cells
            at += cells.shape[1]
        return made
