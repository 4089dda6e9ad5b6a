"""Where the model is weaker: its errors by parts of columns, with what chance explains.

For classes the error is the share of rows called wrong, for numbers the mean absolute error. A part counts
as weak if its error is larger than that of the other rows beyond chance (95 %, shared out over all parts).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from projects.counted import counted
from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.evaluation.intervals import Interval, difference_interval
from projects.evaluation.levels import levels
from projects.evaluation.metrics import Metric
from projects.evaluation.subject import Subject
from projects.hints import did_you_mean

FEWEST_ROWS = 30
MOST_COLUMNS = 5
MATTERS = 0.1
"""A part whose error is larger by less than this share of the others' is not worth a warning."""


@dataclass(frozen=True)
class Segment:
    """One part of a column.

    Attributes:
        column: Which column.
        part: Which part, in words.
        rows: How many held-out rows.
        error: The part's own: a share of wrong rows, or the mean absolute error.
        others: That of all other rows.
        difference: Where the difference of the two lies.
        bias: For numbers, the mean of predicted minus true; for two classes, of the probability minus the
            truth; NaN for several classes.
        score: The metric on the part alone; NaN where its rows do not allow it.
    """

    column: str
    part: str
    rows: int
    error: float
    others: float
    difference: Interval
    bias: float
    score: float

    @property
    def is_weak(self) -> bool:
        """Whether the error is larger than elsewhere, beyond chance and by enough to matter."""
        return self.difference.low > 0 and self.error - self.others > MATTERS * self.others

    @property
    def is_strong(self) -> bool:
        """Whether the error is smaller than elsewhere, beyond chance."""
        return self.difference.high < 0


def segments(
    subject: Subject, answers: Answers, columns: Sequence[str], metric: Metric
) -> tuple[Segment, ...]:
    """Break the errors down.

    Args:
        subject: Whose columns.
        answers: To its rows, in their order.
        columns: Which ones to break down by.
        metric: What is computed on each part beside the error.

    Raises:
        BadInput: There is no such column.
    """
    parts = [
        (name, part, mask)
        for name in columns
        for part, mask in levels(_column(subject, name))
        if FEWEST_ROWS <= mask.sum() <= len(mask) - FEWEST_ROWS
    ]
    losses, bias = answers.row_losses, biases(answers)
    return tuple(
        Segment(
            name, part, int(mask.sum()), float(losses[mask].mean()), float(losses[~mask].mean()),
            difference_interval(losses[mask], losses[~mask], comparisons=len(parts)),
            float(bias[mask].mean()), _score(answers.take(mask), metric),
        )
        for name, part, mask in parts
    )  # fmt: skip


def weak(found: Sequence[Segment]) -> list[Segment]:
    """Return the weak parts, the weakest first."""
    return sorted((segment for segment in found if segment.is_weak), key=lambda one: one.others - one.error)


def in_words(segment: Segment, *, is_regression: bool) -> str:
    """Write a part as a sentence."""
    where = f"weak where {segment.column} is {segment.part} ({counted(segment.rows, 'row')}):"
    if is_regression:
        return f"{where} the mean error is {segment.error:.4g}, elsewhere {segment.others:.4g}"
    return f"{where} {segment.error:.1%} of the answers are wrong, elsewhere {segment.others:.1%}"


def as_table(found: Sequence[Segment], metric: Metric) -> pd.DataFrame:
    """Return one row a part."""
    return pd.DataFrame(
        [
            {
                "column": one.column, "part": one.part, "rows": one.rows, "error": one.error,
                "error_elsewhere": one.others, "difference_low": one.difference.low,
                "difference_high": one.difference.high, "bias": one.bias, metric.name: one.score,
                "verdict": "weak" if one.is_weak else "strong" if one.is_strong else "as elsewhere",
            }
            for one in found
        ]
    )  # fmt: skip


def biases(answers: Answers) -> Any:
    """Return how far each answer is too high, shape (rows,); NaN for several classes."""
    if answers.classes is None:
        return answers.predictions - answers.truth
    if answers.is_binary and answers.probabilities is not None:
        return answers.probabilities[:, 1] - (answers.codes == 1)
    return np.full(len(answers), np.nan)


def _column(subject: Subject, name: str) -> "pd.Series[Any]":
    cells = subject.column(name)
    if cells is None:
        raise BadInput(
            f"evaluation.segments names '{name}', which is no column; {did_you_mean(name, _names(subject))}"
        )
    return cells


def _names(subject: Subject) -> Iterator[str]:
    yield from map(str, subject.X.columns)
    if subject.beside is not None:
        yield from map(str, subject.beside.columns)


def _score(answers: Answers, metric: Metric) -> float:
    return metric.measure(answers) if len(answers) else float("nan")
