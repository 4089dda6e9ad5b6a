"""A version that is ready to score columns: by its plan, or else by its pyfunc."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.errors import BadInput
from serving.plan.model import Column, Label
from serving.plan.plan import Plan

Cells = NDArray[Any]


@dataclass(frozen=True)
class Answer:
    """What a model says of some rows.

    Attributes:
        predictions: One label or number a row.
        probabilities: Of shape (rows, classes); None where the model gives none.
    """

    predictions: Cells
    probabilities: NDArray[np.float64] | None


class Scorer(Protocol):
    """Scores rows given as columns; may be called from as many threads as it says."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The model's inputs."""
        ...

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The labels, in the order of the probabilities; None where the model gives none."""
        ...

    @property
    def threads(self) -> int:
        """How many threads may score at once."""
        ...

    def score(self, cells: Sequence[Cells]) -> Answer:
        """Answer rows, given as one array a column: float64, or objects of str and None."""
        ...


@dataclass(frozen=True)
class Version:
    """A version that can score.

    Attributes:
        name: The registered model.
        number: The version.
        scorer: Scores.
        way: How it scores, in words.
        author: What tells this version's answers from any other's.
        schema: The file that says how training read each column, where the version has it.
        files: The folder that it was loaded from, for others to load it too.
        plan_sha256: The digest of its scoring plan.
    """

    name: str
    number: str
    scorer: Scorer
    way: str
    author: Mapping[str, str] = field(default_factory=dict)
    schema: Path | None = None
    files: Path | None = None
    plan_sha256: str = ""


@dataclass(frozen=True)
class PlanScorer:
    """Scores by the plan, with probabilities, on every core."""

    plan: Plan

    @property
    def columns(self) -> tuple[Column, ...]:
        """The plan's inputs."""
        return self.plan.columns

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The plan's classes."""
        return self.plan.classes

    @property
    def threads(self) -> int:
        """One a core that this process may use."""
        with suppress(AttributeError):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1

    def score(self, cells: Sequence[Cells]) -> Answer:
        """Answer every row.

        Raises:
            PlanInputError: A cell is not what its column takes.
        """
        return Answer(*self.plan.score_columns(cells))


@dataclass(frozen=True)
class PyfuncScorer:
    """Scores by MLflow's pyfunc, whose answer for a classifier is the label alone, in one thread.

    Attributes:
        model: The pyfunc.
        columns: Its inputs, each a number or a text.
        types: The numpy type of each number, as its signature wants it.
    """

    model: Any
    columns: tuple[Column, ...]
    types: tuple[str, ...]
    classes: None = None
    threads: int = 1

    def score(self, cells: Sequence[Cells]) -> Answer:
        """Answer every row.

        Raises:
            BadInput: A whole number or a truth is wanted and there is none.
        """
        columns = zip(self.columns, self.types, cells, strict=True)
        frame = pd.DataFrame({column.name: _typed(column, kind, values) for column, kind, values in columns})
        return Answer(np.asarray(self.model.predict(frame)).reshape(len(frame), -1)[:, 0], None)


def _typed(column: Column, kind: str, cells: Cells) -> Cells:
    if kind in ("object", "float64", "float32"):
        return cells.astype(kind)
    wanted = cells.astype("float64")
    typed: Cells = np.nan_to_num(wanted).astype(kind)
    if not (typed == wanted).all():
        what = "true or false" if kind == "bool" else "a whole number"
        raise BadInput(f"column '{column.name}' must hold {what} in every row: the model says so")
    return typed


def rows_of(frame: pd.DataFrame) -> list[list[object]]:
    """Turn features into the plan's rows: plain values, None where a cell is missing."""
    cells = frame.astype("object").where(frame.notna(), None)
    rows: list[list[object]] = cells.to_numpy().tolist()
    return rows
