"""One fit of a configuration on one fold, and its answers for the rows to score."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.evaluation.metrics import Answers, Metric
from projects.learning.candidates.candidate import Making
from projects.learning.candidates.rounds import Watch, Watched, answers_of
from projects.learning.configuration import Configuration
from projects.learning.matrices import Fold, some
from serving.plan.model import Task

Values = NDArray[Any]
OnLoss = Callable[[int, float], None]


@dataclass(frozen=True)
class Conditions:
    """What is the same for every attempt of a search.

    Attributes:
        task: The task.
        classes: How many; 0 for a regression.
        metric: What is compared by.
        seed: For every model.
        threads: The most a fit may use.
        patience: Rounds or epochs without improvement; None makes all of them.
        clock: Seconds, monotonic.
        tells: Whether the rounds of each first fold are told, which takes a moment.
    """

    task: Task
    classes: int
    metric: Metric
    seed: int
    threads: int = 1
    patience: int | None = 10
    clock: Callable[[], float] = time.monotonic
    tells: bool = False

    def making(self, rows: int) -> Making:
        """What a model for so many rows is made for."""
        return Making(self.task, self.seed, self.threads, rows)

    def gain(self, score: float) -> float:
        """Return a score so that more is better."""
        return score if self.metric.is_better_higher else -score

    def score(self, answers: Values, y: Values) -> float:
        """Measure answers: probabilities of shape (rows, classes), or numbers."""
        if not self.classes:
            return self.metric.measure(Answers(y, answers, None, None))
        known = tuple(range(self.classes))
        return self.metric.measure(Answers(y, answers.argmax(axis=1), answers, known))


@dataclass(frozen=True)
class Attempt:
    """What one fit gave.

    Attributes:
        model: Fitted.
        answers: For the fold's rows to score.
        seconds: Of fitting and asking.
        fit_seconds: Of fitting.
        rows: Fitted on.
        watched: How the rounds went, where they were watched.
        is_cut: Whether the clock ended it with fewer rounds than the model has unwatched, so that they say
            nothing of how many it needs.
    """

    model: Any
    answers: Values
    seconds: float
    fit_seconds: float
    rows: int
    watched: Watched | None
    is_cut: bool = False

    def answers_at(self, rounds: int | None) -> Values:
        """Return the answers after so many rounds."""
        return self.answers if rounds is None or self.watched is None else self.watched.answers_at(rounds)


def attempt(
    configuration: Configuration,
    fold: Fold,
    conditions: Conditions,
    *,
    deadline: float = float("inf"),
    on_loss: OnLoss = lambda _round, _loss: None,
) -> Attempt:
    """Fit on a fold's rows, or on a sample of them where the candidate has a limit."""
    candidate, clock = configuration.candidate, conditions.clock
    at = some(fold.y, candidate.most_rows or len(fold.y), conditions.seed)
    X, y = (fold.X, fold.y) if len(at) == len(fold.y) else (fold.X[at], fold.y[at])
    known = np.unique(y) if conditions.classes else None
    lacks = known is not None and len(known) < conditions.classes
    codes = np.searchsorted(known, y) if known is not None and lacks else y
    is_watched = is_early_stopped(configuration, conditions) and not lacks
    rounds = candidate.rounds.most if is_watched and candidate.rounds else None
    model = configuration.model(conditions.making(len(y)), rounds)
    if candidate.adapt:
        candidate.adapt(model, fold.names)
    started, watched = clock(), None  # making a model imports its library, which is no part of a fit
    if is_watched and candidate.rounds and conditions.patience:
        watch = Watch(fold.X_score, fold.y_score, conditions.patience, deadline, on_loss, clock)
        watched = candidate.rounds.fit(model, X, codes, watch)
    else:
        if candidate.stops_itself:
            hook(model, conditions, deadline - clock(), on_loss)
        model.fit(X, codes)
    fit_seconds = clock() - started
    answers = watched.answers_at(watched.best) if watched else answers_of(model, fold.X_score)
    if known is not None and lacks:
        answers = spread(answers, known, conditions.classes)
    is_cut = watched is not None and watched.is_cut and watched.done < usual_rounds(configuration)
    return Attempt(model, answers, clock() - started, fit_seconds, len(y), watched, is_cut)


def usual_rounds(configuration: Configuration) -> float:
    """Return how many rounds a configuration makes unwatched."""
    rounds = configuration.candidate.rounds
    return float(configuration.parameters.get(rounds.parameter, rounds.most)) if rounds else 0.0


def is_early_stopped(configuration: Configuration, conditions: Conditions) -> bool:
    """Whether the number of rounds is looked for."""
    candidate = configuration.candidate
    return bool(candidate.rounds and conditions.patience and not configuration.has_fixed_rounds)


def hook(model: Any, conditions: Conditions, seconds: float, on_loss: OnLoss) -> None:
    """Tell a net that stops itself how, by when, and whom to tell its losses."""

    def on_epoch(epoch: int, _learning: float, validation: float) -> None:
        on_loss(epoch + 1, validation)

    given = {"on_epoch": on_epoch, "early_stopping": conditions.patience is not None}
    if conditions.patience is not None:
        given["patience"] = conditions.patience
    if np.isfinite(seconds):
        given["max_seconds"] = max(seconds, 0.05)
    model.set_params(**given)


def spread(answers: Values, known: Sequence[int] | Values, classes: int) -> Values:
    """Give each class that was not learned a probability of 0."""
    full = np.zeros((len(answers), classes))
    full[:, known] = answers
    return full
