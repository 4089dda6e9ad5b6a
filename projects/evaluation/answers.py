"""A model's answers beside the truth, and the counts that most scores are made of."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.evaluation.areas import precision_areas, roc_areas
from projects.hints import shown


@dataclass(frozen=True)
class Answers:
    """A model's answers beside the truth.

    Attributes:
        truth: Shape (rows,).
        predictions: Shape (rows,).
        probabilities: Shape (rows, classes); None for a regression, and for a model that gives none.
        classes: The labels in the order of the probabilities; None for a regression.
    """

    truth: Any
    predictions: Any
    probabilities: Any
    classes: tuple[Any, ...] | None

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes; the second is the positive one."""
        return self.classes is not None and len(self.classes) == 2

    @cached_property
    def codes(self) -> Any:
        """The truth as positions among the classes, shape (rows,).

        Raises:
            BadInput: A label is none of the classes.
        """
        return _codes(self.truth, self.classes or ())

    @cached_property
    def said(self) -> Any:
        """The predictions as positions among the classes, shape (rows,).

        Raises:
            BadInput: A label is none of the classes.
        """
        return _codes(self.predictions, self.classes or ())

    @cached_property
    def counts(self) -> Any:
        """The confusion matrix: rows by true class (down) and predicted class (across)."""
        k = len(self.classes or ())
        return np.bincount(self.codes * k + self.said, minlength=k * k).reshape(k, k)

    @cached_property
    def roc_areas(self) -> Any:
        """The area under the ROC curve of each class against the rest, of two of the positive one alone."""
        return roc_areas(*self._claims)

    @cached_property
    def precision_areas(self) -> Any:
        """The average precision of each class against the rest, of two of the positive one alone."""
        return precision_areas(*self._claims)

    @cached_property
    def row_losses(self) -> Any:
        """How wrong each row is: 0 or 1 for classes, the absolute error for numbers; shape (rows,)."""
        if self.classes is None:
            return np.abs(np.asarray(self.truth, dtype=np.float64) - self.predictions)
        return (self.codes != self.said).astype(np.float64)

    @property
    def _claims(self) -> tuple[Any, Any]:
        is_so = self.codes[:, None] == np.arange(len(self.classes or ()))
        return (is_so[:, 1:], self.probabilities[:, 1:]) if self.is_binary else (is_so, self.probabilities)

    def take(self, rows: Any) -> "Answers":
        """Return the answers of some rows, by positions or by a mask."""
        shares = None if self.probabilities is None else self.probabilities[rows]
        return Answers(self.truth[rows], self.predictions[rows], shares, self.classes)

    def coded(self) -> "Answers":
        """Return the same with whole numbers for labels: what is drawn again and again is then cheap."""
        if self.classes is None:
            return self
        return Answers(self.codes, self.said, self.probabilities, tuple(range(len(self.classes))))


def _codes(labels: Any, classes: tuple[Any, ...]) -> Any:
    labels = np.asarray(labels)
    codes = pd.Index(np.asarray(classes)).get_indexer(labels)
    if len(strangers := np.flatnonzero(codes < 0)):
        known = ", ".join(shown(label) for label in classes[:12])
        raise BadInput(
            f"row {strangers[0]} has the label {shown(labels[strangers[0]])}, which is none of: {known}"
        )
    return codes
