"""The parts of a fitted ColumnTransformer, learned anew from all rows: a pass a step at most."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

from projects.beyond_memory.chunks import Chunk
from projects.beyond_memory.dates import Dates
from projects.beyond_memory.levels import LevelTable, Truth, folds_of
from projects.beyond_memory.numbers import AsLearned, ByMoments, ByQuantiles, Filling, InParts, Learner
from projects.beyond_memory.texts import Texts
from projects.transformers.clean_levels import CleanLevels
from projects.transformers.clip_outliers import ClipOutliers
from projects.transformers.date_parts import DateParts
from projects.transformers.level_counts import LevelCounts
from projects.transformers.target_levels import TargetLevels

Cells = NDArray[np.float64]
FOLDS = 5
"""Of the cross-fitted means, as `TargetLevels` has by default."""


@dataclass(frozen=True)
class Ground:
    """What all parts share.

    Attributes:
        truth: The target.
        seed: Of the folds.
        rows: About how many will come.
        scout: Some of them, drawn at random.
        tables: The levels of columns of texts, as they are learned.
    """

    truth: Truth
    seed: int
    rows: int
    scout: Chunk
    tables: dict[str, LevelTable] = field(default_factory=dict)

    def folds(self, chunk: Chunk) -> NDArray[np.intp]:
        """Return the fold of each row."""
        return folds_of(chunk.positions, FOLDS, self.seed)


class Part:
    """One part of the ColumnTransformer.

    Args:
        pipeline: As the sample fitted it.
        columns: Its columns, in order.
        ground: What all parts share.

    Attributes:
        said: What a person should know.
    """

    def __init__(self, pipeline: Pipeline, columns: Sequence[str], ground: Ground) -> None:
        self.columns = list(columns)
        self.said: list[str] = []
        self._ground = ground
        self._old = list(pipeline.steps)
        self._done: list[tuple[str, Any]] = []
        self._texts: Texts | None = None
        self._learner: Learner | None = None
        self._has_levels = _is_of_levels(self._old)
        if self._has_levels:
            for name in self.columns:
                ground.tables.setdefault(name, LevelTable(ground.truth, FOLDS))
        else:
            self._begin()

    @property
    def is_done(self) -> bool:
        """Whether all steps are learned."""
        return len(self._done) == len(self._old)

    @property
    def fitted(self) -> Pipeline:
        """The part with all its steps."""
        return Pipeline(self._done)

    def learn(self, chunk: Chunk) -> None:
        """Take some rows for the step that is being learned."""
        if self._learner is not None:
            cells = self._cells(chunk)
            self._learner.learn(cells if isinstance(self._learner, Dates) else _numbers(cells), chunk)

    def end_pass(self) -> None:
        """Fit the step that was being learned, and begin the next."""
        if self._has_levels and self._texts is None:
            tables = [self._ground.tables[name] for name in self.columns]
            self._texts = Texts(self._old[:3], self.columns, tables, self._ground.truth)
            self._done += self._texts.fitted
        elif self._learner is not None:
            self._done.append((self._old[len(self._done)][0], self._learner.finish()))
            self.said += self._learner.said
        self._learner = None
        if not self.is_done:
            self._begin()

    def cells(self, chunk: Chunk) -> Cells:
        """Return what the rows of a chunk learn from, shape (rows, width)."""
        return np.asarray(self._cells(chunk), dtype=np.float64)

    def _begin(self) -> None:
        step = self._old[len(self._done)][1]
        scout = self._cells(self._ground.scout)
        self._learner = _learner(step, scout, self._ground, self.columns)
        if isinstance(self._learner, AsLearned):
            self.end_pass()

    def _cells(self, chunk: Chunk) -> Any:
        if self._texts is not None:
            cells: Any = self._texts.cells(chunk, self._ground.folds(chunk))
            rest = self._done[3:]
        else:
            cells, rest = chunk.X[self.columns], self._done
        for _, step in rest:
            cells = step.transform(cells)
        return cells


def _is_of_levels(steps: Sequence[tuple[str, Any]]) -> bool:
    kinds = [type(step) for _, step in steps[:3]]
    return kinds[:2] == [CleanLevels, SimpleImputer] and kinds[2] in (
        OneHotEncoder, TargetLevels, LevelCounts,
    )  # fmt: skip


def _learner(step: Any, scout: Any, ground: Ground, columns: Sequence[str]) -> Learner:
    """Choose how a step is learned."""
    if isinstance(step, DateParts):
        return Dates(step, scout)
    numbers = _numbers(scout)
    if isinstance(step, SimpleImputer):
        return Filling(step, numbers, ground.rows)
    if isinstance(step, RobustScaler) or (isinstance(step, ClipOutliers) and step.method == "iqr"):
        return ByQuantiles(step, numbers, ground.rows)
    if isinstance(step, ClipOutliers):
        return ByMoments(step, numbers.shape[1])
    if isinstance(step, StandardScaler | MinMaxScaler):
        return InParts(step)
    named = ", ".join(f"'{name}'" for name in columns[:3]) + (" ..." if len(columns) > 3 else "")
    return AsLearned(step, f"what becomes of {named} by {type(step).__name__} is learned on the sample")


def _numbers(cells: Any) -> Cells:
    if isinstance(cells, pd.DataFrame):
        return cells.to_numpy(dtype=np.float64, na_value=np.nan) if _is_numeric(cells) else np.empty((0, 0))
    return np.asarray(cells, dtype=np.float64) if np.asarray(cells).dtype != object else np.empty((0, 0))


def _is_numeric(frame: pd.DataFrame) -> bool:
    return all(dtype.kind in "fiub" for dtype in frame.dtypes)
