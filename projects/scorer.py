"""A version that is ready to score frames: by its plan, or else by its pyfunc."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from projects.errors import BadInput
from serving.plan.model import Column, Label, PlanInputError
from serving.plan.plan import Plan


@dataclass(frozen=True)
class Answer:
    """What a model says of some rows: one prediction a row, and a column of probabilities a class."""

    predictions: Sequence[Label]
    probabilities: dict[str, list[float]]


class Scorer(Protocol):
    """Scores frames of float64 and text columns in the order of `columns`."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The model's inputs."""
        ...

    def score(self, frame: pd.DataFrame) -> Answer:
        """Answer every row."""
        ...


@dataclass(frozen=True)
class Version:
    """A version that can score.

    Attributes:
        name: The registered model.
        number: The version.
        scorer: Scores.
        way: How it scores, in words.
    """

    name: str
    number: str
    scorer: Scorer
    way: str


@dataclass(frozen=True)
class PlanScorer:
    """Scores by the plan, with probabilities."""

    plan: Plan

    @property
    def columns(self) -> tuple[Column, ...]:
        """The plan's inputs."""
        return self.plan.columns

    def score(self, frame: pd.DataFrame) -> Answer:
        """Answer every row."""
        try:
            scores = self.plan.score(rows_of(frame))
        except PlanInputError as error:
            raise BadInput(str(error)) from error
        classes = self.plan.classes or ()
        cells = np.array(scores.probabilities or np.empty((len(frame), 0)))
        shares = {f"probability_{label}": cells[:, at].tolist() for at, label in enumerate(classes)}
        return Answer(scores.predictions, shares)


@dataclass(frozen=True)
class PyfuncScorer:
    """Scores by MLflow's pyfunc, whose answer for a classifier is the label alone."""

    model: Any
    columns: tuple[Column, ...]

    def score(self, frame: pd.DataFrame) -> Answer:
        """Answer every row."""
        return Answer(np.asarray(self.model.predict(frame)).tolist(), {})


def rows_of(frame: pd.DataFrame) -> list[list[object]]:
    """Turn features into the plan's rows: plain values, None where a cell is missing."""
    cells = frame.astype("object").where(frame.notna(), None)
    rows: list[list[object]] = cells.to_numpy().tolist()
    return rows
