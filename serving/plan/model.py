"""The plan's vocabulary: columns in, scores out, and the ways in which a plan can refuse.

PlanError
+-- PlanUnsupported   the pipeline cannot be written as a plan, or the plan does not reproduce it
+-- PlanBroken        the plan's files are not what a plan must be
+-- PlanInputError    the rows to score are not what the plan's columns take
+-- PlanInexplicable  the answers cannot be taken apart into the columns' contributions
"""

from dataclasses import dataclass
from typing import Literal

Task = Literal["binary", "multiclass", "regression"]
ColumnType = Literal["double", "string", "boolean"]
Label = str | int | float | bool


class PlanError(Exception):
    """What went wrong with a plan, as one sentence."""


class PlanUnsupported(PlanError):  # noqa: N818 - a verdict, read as one
    """This pipeline cannot be served from a plan; the message is the reason."""


class PlanBroken(PlanError):  # noqa: N818 - a verdict, read as one
    """The files of a plan are missing, cut short, altered or from a newer format."""


class PlanInputError(PlanError):
    """A row that the fitted pipeline would refuse too."""


class PlanInexplicable(PlanError):  # noqa: N818 - a verdict, read as one
    """Answers whose explanation was asked for have none; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Column:
    """One input of the model, as its signature names it.

    Attributes:
        name: The column's name.
        type: The signature's type. A `double` and a `boolean` take numbers, true and false alike.
        required: Whether a request must bring the column; a missing cell is always allowed.
    """

    name: str
    type: ColumnType
    required: bool


@dataclass(frozen=True, slots=True)
class Scores:
    """What a plan answers, in plain Python values.

    Attributes:
        predictions: One label or number a row.
        probabilities: One list a row, in the order of the plan's classes; None for a regression.
    """

    predictions: list[Label]
    probabilities: list[list[float]] | None
