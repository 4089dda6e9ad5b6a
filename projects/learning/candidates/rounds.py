"""Rounds and epochs: a fit that is watched on rows it does not learn from, and stops when they say so.

What a fit leaves behind is its answers for these rows after any number of rounds, so that one number of
rounds can be chosen for all folds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
USUAL_RATE = 0.1
"""The learning rate that `patience` is meant for; slower learning waits proportionally longer."""


@dataclass(frozen=True)
class Watch:
    """What a watched fit is given.

    Attributes:
        X: Matrix of the rows that are not learned from.
        y: Their codes or numbers.
        patience: Rounds without improvement after which it stops, at the usual learning rate.
        deadline: When it must stop, by `clock`.
        on_round: Called with each round's number, from 1, and the loss on the watched rows.
        clock: Seconds, monotonic.
    """

    X: Values
    y: Values
    patience: int
    deadline: float = float("inf")
    on_round: Callable[[int, float], None] = lambda _round, _loss: None
    clock: Callable[[], float] = time.monotonic

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.clock() > self.deadline

    def patience_at(self, rate: float) -> int:
        """Return the patience in rounds of a learning rate."""
        return max(self.patience, round(self.patience * USUAL_RATE / max(rate, 1e-6)))


@dataclass(frozen=True)
class Watched:
    """What a watched fit leaves behind.

    Attributes:
        best: The number of rounds with the least loss.
        done: How many were made.
        curve: The loss after each round, or after each `every` rounds.
        every: Rounds between two losses.
        is_cut: Whether the clock ended it before its patience did.
        answers_at: The answers for the watched rows after so many rounds: probabilities of shape
            (rows, classes), or numbers of shape (rows,).
        ask: The same for the rows of any matrix; None where only the last answers can be had.
    """

    best: int
    done: int
    curve: tuple[float, ...]
    answers_at: Callable[[int], Values]
    every: int = 1
    is_cut: bool = False
    ask: Callable[[Values, int], Values] | None = None


@dataclass(frozen=True)
class Rounds:
    """How a candidate with rounds is watched.

    Attributes:
        parameter: The estimator's parameter that holds their number.
        most: The most that are made.
        fit: Fits a model on a matrix and its truth, watched.
    """

    parameter: str
    most: int
    fit: Callable[[Any, Values, Values, Watch], Watched]


@dataclass
class Patience:
    """Decides when a loss has not improved for long enough, or the time is up."""

    rounds: int
    best: float = field(default=float("inf"), init=False)
    best_at: int = field(default=0, init=False)
    is_cut: bool = field(default=False, init=False)

    def is_out(self, done: int, loss: float) -> bool:
        """Note the loss after `done` rounds; say whether to stop."""
        if loss < self.best:
            self.best, self.best_at = loss, done
        return done - self.best_at >= self.rounds

    def must_stop(self, done: int, loss: float, watch: Watch) -> bool:
        """Note the loss; say whether to stop, and keep in mind if it was the clock that said so."""
        if self.is_out(done, loss):
            return True
        self.is_cut = watch.is_over
        return self.is_cut


def loss_of(answers: Values, y: Values) -> float:
    """Return the log loss of probabilities, or the root mean squared error of numbers."""
    if answers.ndim == 1:
        return float(np.sqrt(np.mean((answers - y) ** 2)))
    chosen = answers[np.arange(len(y)), y.astype(np.intp)]
    return float(-np.mean(np.log(np.clip(chosen, 1e-15, 1.0))))


def answers_of(model: Any, X: Values) -> Values:
    """Ask a fitted model: probabilities of classes, or numbers."""
    asked = getattr(model, "predict_proba", None)
    return np.asarray(model.predict(X) if asked is None else asked(X), dtype=np.float64)
