"""Rows to learn from, read as a training reads them, and the step by which a model reads other rows alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from penstock.sdk.given import TaskType, as_column, as_frame, tell
from projects.column_parts import Style
from projects.counted import counted
from projects.errors import BadInput
from projects.features import Features, read_alike, read_features
from projects.hints import did_you_mean
from projects.preparation import preparation
from projects.requirement.model import Cleaning, FeatureSection
from projects.target import Target, read_target
from serving.plan.model import Column

READ = "read"
"""The step of a pipeline that reads rows as those that it was fitted on."""


@dataclass(frozen=True)
class Table:
    """Rows that can be learned from.

    Attributes:
        features: The columns.
        target: The target of each row.
    """

    features: Features
    target: Target

    @property
    def frame(self) -> pd.DataFrame:
        """The columns as they are learned from."""
        return self.features.frame

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """The labels, sorted; None for numbers."""
        return self.target.classes

    def preparing(self, seed: int) -> Callable[[Style], list[tuple[str, Any]]]:
        """Return what makes the unfitted steps before a model of a style."""
        inputs = self.features.inputs

        def steps(style: Style) -> list[tuple[str, Any]]:
            return preparation(
                inputs, FeatureSection(), Cleaning(), style=style, task=self.target.task, seed=seed
            )

        return steps

    def reading(self) -> tuple[str, Any]:
        """Make the first step of a pipeline, by which it takes rows as they were given."""
        return READ, ReadColumns(self.features.columns).fit(None)

    def take(self, rows: Any) -> "Table":
        """Return some of the rows, by positions in rising order."""
        frame = self.frame.iloc[rows].reset_index(drop=True)
        target = replace(self.target, truth=self.target.truth[rows], rows=self.target.rows[rows])
        return Table(replace(self.features, frame=frame), target)


def read_table(X: Any, y: Any, task_type: TaskType) -> Table:
    """Read rows and their target.

    Columns that cannot be learned from, such as constants and ids, are left out; rows without a target too,
    with a warning.

    Raises:
        BadInput: They cannot be used.
    """
    frame = as_frame(X)
    column = as_column(y, len(frame)).rename("y").reset_index(drop=True)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object).infer_objects()
    target = read_target(column.to_frame(), "y", task_type)
    if missing := len(frame) - len(target.rows):
        tell(f"{counted(missing, 'row', 'is')} left out: the target is missing")
    inputs = frame.iloc[target.rows].reset_index(drop=True)
    return Table(read_features(_plain(inputs)), target)


def read_as(X: Any, columns: Sequence[Column]) -> pd.DataFrame:
    """Read rows as the columns that a model was fitted on.

    Args:
        X: A frame that has them all, in any order; or an array of as many columns.
        columns: What they were read as.

    Raises:
        BadInput: A column is missing.
    """
    frame = as_frame(X)
    names = [column.name for column in columns]
    if isinstance(X, np.ndarray) and frame.shape[1] == len(names):
        frame = frame.set_axis(names, axis=1)
    for name in names:
        if name not in frame.columns:
            hint = did_you_mean(name, frame.columns)
            raise BadInput(f"the model was fitted on a column '{name}', which X has not; {hint}")
    return read_alike(_with_iso_dates(_plain(frame[names])), columns)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return categories as what they are of: the reading knows numbers, truths, dates and texts."""
    odd = [name for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return frame.assign(**{name: frame[name].astype(object).infer_objects() for name in odd})


def _with_iso_dates(frame: pd.DataFrame) -> pd.DataFrame:
    moments = [name for name in frame.columns if frame[name].dtype.kind == "M"]
    return frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%dT%H:%M:%S") for name in moments})


class ReadColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Reads rows as they were given: the first step of the SDK's pipelines, which no saved version holds.

    Args:
        columns: What is read; None learns it from the rows that the pipeline is fitted on.

    Attributes:
        columns_: What is read.
    """

    def __init__(self, columns: Sequence[Column] | None = None) -> None:
        self.columns = columns

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn which columns there are, where that was not said."""
        known = self.columns
        self.columns_ = tuple(read_features(_plain(as_frame(X))).columns if known is None else known)
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Read rows."""
        check_is_fitted(self)
        return read_as(X, self.columns_)


def is_own(model: Any) -> bool:
    """Whether a model is a pipeline of ours, that reads rows as they are given."""
    steps: Any = getattr(model, "steps", None)
    return bool(steps) and isinstance(steps[0][1], ReadColumns)


def columns_of(model: Any) -> tuple[Column, ...]:
    """Return the columns that a pipeline of ours was fitted on."""
    reading: ReadColumns = model.steps[0][1]
    return reading.columns_


def without_reading(model: Any) -> Any:
    """Return a pipeline of ours as a version is served: its rows are read by the signature."""
    from sklearn.pipeline import Pipeline

    return Pipeline(model.steps[1:])


def with_reading(model: Any, columns: Sequence[Column]) -> Any:
    """Return a served pipeline as one that reads rows as they are given."""
    from sklearn.pipeline import Pipeline

    first = (READ, ReadColumns(tuple(columns)).fit(None))
    return Pipeline([first, *(model.steps if isinstance(model, Pipeline) else [("model", model)])])
