"""What a contest found: the ranking of all that was tried, and the winner with what it says and costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.evaluation.metrics import Answers
from projects.learning.candidates.candidate import Candidate, Parameters
from projects.learning.compare import Validation
from projects.learning.history import History


@dataclass(frozen=True)
class Ranked:
    """A candidate, or an ensemble, and the best that it did.

    Attributes:
        name: What it is called.
        validation: Its scores over the folds; None where it was skipped.
        parameters: Its best.
        fit_seconds: Of one fold.
        predict_ms: For one row, asked in bulk.
        tried: How many configurations of it.
        rows: Fitted on in a fold.
        reason: Why it was skipped or given up.
    """

    name: str
    validation: Validation | None
    parameters: Parameters = field(default_factory=dict)
    fit_seconds: float = 0.0
    predict_ms: float = 0.0
    tried: int = 0
    rows: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Tuned:
    """How the winner's parameters were found.

    Attributes:
        parameters: Those of the winner; of an ensemble's members as `name.parameter`.
        validation: Its scores over the folds.
        trials: Configurations tried beside the defaults.
        stopped_early: How many of them were given up after some folds.
        before: The best score of any candidate's defaults.
    """

    parameters: Parameters
    validation: Validation
    trials: int
    stopped_early: int
    before: float


@dataclass(frozen=True)
class Part:
    """A member of an ensemble.

    Attributes:
        name: Its candidate.
        weight: Its share of the vote.
        parameters: All of its parameters.
    """

    name: str
    weight: float
    parameters: Parameters


@dataclass(frozen=True)
class OutOfFold:
    """The winner's answers for rows that it did not learn from, before the last fit.

    Attributes:
        positions: Which of the rows to compare, each once.
        answers: Beside the truth.
    """

    positions: Any
    answers: Answers


@dataclass(frozen=True)
class Attempted:
    """One configuration of a search.

    Attributes:
        number: From 1.
        name: Its candidate.
        origin: Where its parameters came from, such as `default`.
        parameters: All of them.
        state: How it ended.
        score: Its mean over the folds that it was scored on; NaN without any.
        folds: How many.
        seconds: Of everything.
    """

    number: int
    name: str
    origin: str
    parameters: Parameters
    state: str
    score: float
    folds: int
    seconds: float


@dataclass(frozen=True)
class Winner:
    """The best, fitted on all rows to learn from.

    Attributes:
        name: A candidate's, or `vote`, `stack` or `bag`.
        candidate: The candidate, or that of the heaviest member.
        members: Of an ensemble; of one candidate itself alone.
        ranking: All, best first; those that were skipped last, with the reason.
        tuning: Its parameters and how they were found.
        pipeline: Fitted.
        fit: Fits the same again on other rows: features, and labels or numbers.
        answers: What it says of the held-out rows.
        scores: How good that is.
        costs: `p99_ms`, `size_mb` and `train_minutes`.
        curves: Losses by round on the first fold, by candidate.
        out_of_fold: What it said of rows it had not learned from.
        notices: What a person should know.
        history: How the rounds of its heaviest member went, where that is told.
        trials: Every configuration that was tried, in order.
    """

    name: str
    candidate: Candidate
    members: tuple[Part, ...]
    ranking: tuple[Ranked, ...]
    tuning: Tuned
    pipeline: Any
    fit: Callable[[Any, Any], Any]
    answers: Answers
    scores: Mapping[str, float]
    costs: Mapping[str, float]
    curves: Mapping[str, tuple[float, ...]]
    out_of_fold: OutOfFold
    notices: tuple[str, ...]
    history: History = field(default_factory=History)
    trials: tuple["Attempted", ...] = ()

    @property
    def comparison(self) -> tuple[tuple[str, Validation], ...]:
        """The ranking of those that have scores."""
        return tuple((each.name, each.validation) for each in self.ranking if each.validation)
