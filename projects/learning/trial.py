"""One configuration on the folds, one after another, until it is done, hopeless, late or broken."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from projects.learning.attempt import Attempt, Conditions, OnLoss, attempt
from projects.learning.configuration import Configuration
from projects.learning.history import History, history_of
from projects.learning.matrices import Matrices

Values = NDArray[Any]
State = Literal["complete", "pruned", "late", "failed"]
Prune = Callable[[int, Sequence[float], Attempt], str | None]
"""Told the number of the fold, the scores so far and the attempt; says why it is hopeless, or None."""


def never(_fold: int, _scores: Sequence[float], _attempt: Attempt) -> str | None:
    """Never prune."""
    return None


@dataclass(frozen=True)
class Tried:
    """A configuration and how it went.

    Attributes:
        number: Its number in the search, from 1.
        configuration: What was fitted.
        state: How it ended.
        reason: Why, unless it is complete.
        scores: By fold, in order.
        answers: For the rows to score, by fold, as float32: probabilities (rows, classes) or numbers (rows,).
        rounds: The number of rounds that was found.
        seconds: Of everything.
        fold_seconds: Of one fold, fitting and asking, on average.
        fit_seconds: Of one fold's fit, on average.
        predict_ms: For one row, asked in bulk.
        rows: Fitted on in a fold, on average.
        curve: The loss by round on the first fold.
        costs: What one model costs, where it was measured.
        is_cut: Whether the clock ended its first fit, so that its score is that of too few rounds.
        history: How the rounds of the first fold went, where that is told.
    """

    number: int
    configuration: Configuration
    state: State
    reason: str = ""
    scores: tuple[float, ...] = ()
    answers: tuple[Values, ...] = ()
    rounds: int | None = None
    seconds: float = 0.0
    fold_seconds: float = 0.0
    fit_seconds: float = 0.0
    predict_ms: float = 0.0
    rows: int = 0
    curve: tuple[float, ...] = ()
    costs: Mapping[str, float] = field(default_factory=dict)
    is_cut: bool = False
    history: History = field(default_factory=History)

    @property
    def name(self) -> str:
        """The candidate's."""
        return self.configuration.candidate.name

    @property
    def is_complete(self) -> bool:
        """Whether all its folds were scored."""
        return self.state == "complete"

    @property
    def scores_alone(self) -> "Tried":
        """The same without what only its own search needs."""
        configuration = replace(self.configuration, ticket=None)
        return replace(self, configuration=configuration, answers=(), history=History())

    def mean(self, folds: int) -> float:
        """Return the mean score of the first folds; NaN without any."""
        scores = [score for score in self.scores[:folds] if np.isfinite(score)]
        return float(np.mean(scores)) if scores else float("nan")


def evaluate(
    configuration: Configuration,
    matrices: Matrices,
    folds: int,
    conditions: Conditions,
    *,
    number: int,
    prune: Prune = never,
    deadline: float = float("inf"),
    on_loss: OnLoss = lambda _round, _loss: None,
) -> Tried:
    """Fit and score on the first `folds` folds.

    A fold is begun only if the one before says that it ends before the deadline; the first one always is.
    A fit that the clock cut off makes the configuration late: its rounds count for nothing, and its score
    only if it is the first. What a library raises ends the configuration, not the search.
    """
    attempts: list[Attempt] = []
    scores: list[float] = []
    started = conditions.clock()
    state: State = "complete"
    reason = ""
    try:
        for at in range(folds):
            if at and conditions.clock() + attempts[-1].seconds > deadline:
                state, reason = "late", "the time was up"
                break
            fold = matrices.fold(configuration.candidate.style, at)
            watch = on_loss if at == 0 else (lambda _round, _loss: None)
            done = attempt(configuration, fold, conditions, deadline=deadline, on_loss=watch)
            if done.is_cut:
                state, reason = "late", "the time was up before it had learned enough rounds"
                if at:
                    break
            attempts.append(done)
            scores.append(conditions.score(attempts[-1].answers, fold.y_score))
            if not np.isfinite(attempts[-1].answers).all():
                state, reason = "failed", "its answers are not finite"
                break
            if done.is_cut:
                break
            if hopeless := prune(at, scores, attempts[-1]):
                state, reason = "pruned", hopeless
                break
    except MemoryError:
        state, reason = "failed", "it ran out of memory"
    except Exception as error:  # noqa: BLE001 - one configuration's failure must not end the search; it is reported
        state, reason = "failed", f"{type(error).__name__}: {error}"[:300]
    return _summed_up(configuration, attempts, matrices, conditions, (number, state, reason, started))


def _summed_up(
    configuration: Configuration,
    attempts: list[Attempt],
    matrices: Matrices,
    conditions: Conditions,
    ending: tuple[int, State, str, float],
) -> Tried:
    number, state, reason, started = ending
    watched = [each.watched for each in attempts if each.watched and not each.is_cut]
    rounds = max(1, round(float(np.mean([each.best for each in watched])))) if watched else None
    if not attempts or state == "failed":
        return Tried(number, configuration, state, reason, seconds=conditions.clock() - started)
    answers, scores = [], []
    for at, each in enumerate(attempts):
        # All folds answer after the same number of rounds, as the model fitted on all rows will.
        answered = each.answers_at(rounds)
        truth = matrices.codes[matrices.rows.folds[at][1]]
        answers.append(answered.astype(np.float32))
        scores.append(conditions.score(answered, truth))
    asked = sum(len(each) for each in answers)
    return Tried(
        number, configuration, state, reason, tuple(scores), tuple(answers), rounds,
        seconds=conditions.clock() - started,
        fold_seconds=float(np.mean([each.seconds for each in attempts])),
        fit_seconds=float(np.mean([each.fit_seconds for each in attempts])),
        predict_ms=1000 * sum(each.seconds - each.fit_seconds for each in attempts) / max(1, asked),
        rows=round(float(np.mean([each.rows for each in attempts]))),
        curve=attempts[0].watched.curve if attempts[0].watched else (),
        is_cut=attempts[0].is_cut,
        history=_history(configuration, attempts[0], matrices) if conditions.tells else History(),
    )  # fmt: skip


def _history(configuration: Configuration, first: Attempt, matrices: Matrices) -> History:
    candidate = configuration.candidate
    if candidate.rounds is None and not candidate.stops_itself:
        return History()
    fold = matrices.fold(candidate.style, 0)
    epochs = int(configuration.parameters.get("max_epochs", 0))
    most = candidate.rounds.most if candidate.rounds else epochs
    return history_of(first.model, first.watched, fold.X, fold.y, most=most)
