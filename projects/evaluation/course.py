"""How a training went, for who draws and tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from projects.evaluation.ranking import Ranked


@dataclass(frozen=True)
class Point:
    """One size of a learning curve.

    Attributes:
        rows: How many were learned from.
        mean: The score on rows not learned from.
        deviation: Its standard deviation over the tries; 0 where there was one.
    """

    rows: int
    mean: float
    deviation: float = 0.0


@dataclass(frozen=True)
class Course:
    """How a training went; what is not known stays empty.

    Attributes:
        ranking: The candidates compared.
        folds: How many folds they were compared on.
        ratio: Rows scored by rows fitted on, in a fold; None where it is not known.
        learning: How the score grew with rows.
        losses: The winner's losses by round, by the rows that they are of.
        best_round: The round in use, from 1; None if all are.
        round_unit: `round` or `epoch`.
        loss: What the loss is.
    """

    ranking: Sequence[Ranked] = ()
    folds: int = 0
    ratio: float | None = None
    learning: Sequence[Point] = ()
    losses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    best_round: int | None = None
    round_unit: str = "round"
    loss: str = "loss"
