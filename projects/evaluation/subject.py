"""What is evaluated: a fitted model and the rows that it has not learned from."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from projects.evaluation.answers import Answers
from serving.plan.model import Task


@dataclass(frozen=True)
class Subject:
    """What is evaluated.

    Attributes:
        model: Fitted: a pipeline, or an ensemble or wrapper of pipelines.
        task: What it does.
        classes: All labels, sorted; None for a regression.
        X: Held-out rows as the model takes them.
        truth: Theirs, shape (rows,).
        name: The model in words, such as `lightgbm`.
        target: What is predicted.
        out_of_fold: Answers on rows learned from, each by a model that had not seen it, if there are any.
        beside: Columns that the model does not take, one row a held-out row: people's groups, segments.
    """

    model: Any
    task: Task
    classes: tuple[Any, ...] | None
    X: pd.DataFrame
    truth: Any
    name: str = "model"
    target: str = "target"
    out_of_fold: Answers | None = None
    beside: pd.DataFrame | None = None

    def column(self, name: str) -> "pd.Series[Any] | None":
        """Return a column by its name, wherever it is."""
        for frame in (self.X, self.beside):
            if frame is not None and name in frame.columns:
                return frame[name]
        return None

    def take(self, rows: Any) -> "Subject":
        """Return the subject with some of its rows, by positions."""
        beside = None if self.beside is None else self.beside.iloc[rows].reset_index(drop=True)
        X = self.X.iloc[rows].reset_index(drop=True)
        return Subject(
            self.model,
            self.task,
            self.classes,
            X,
            self.truth[rows],
            self.name,
            self.target,
            self.out_of_fold,
            beside,
        )
