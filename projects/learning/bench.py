"""What a trial of a search needs, and who runs several at once: threads here, or the workers of a cluster."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from projects.learning.attempt import Attempt, Conditions, OnLoss
from projects.learning.clauses import Clauses
from projects.learning.configuration import Configuration
from projects.learning.log import Log
from projects.learning.matrices import Matrices
from projects.learning.trial import Prune, Tried, evaluate


@dataclass(frozen=True)
class Trial:
    """One configuration that is to go through the folds.

    Attributes:
        number: Its number in the search.
        configuration: What is fitted.
        folds: How many folds are in use.
        prune: Says after a fold whether it is hopeless.
        deadline: When it must end, by the search's clock.
        is_told: Whether its losses are written down.
    """

    number: int
    configuration: Configuration
    folds: int
    prune: Prune
    deadline: float
    is_told: bool


@dataclass(frozen=True)
class Bench:
    """What is the same for all trials of a search.

    Attributes:
        matrices: The folds.
        conditions: What is the same for all fits.
        clauses: What a fitted configuration may cost; None for no bounds.
    """

    matrices: Matrices
    conditions: Conditions
    clauses: Clauses | None = None

    def run(self, trial: Trial, on_loss: OnLoss) -> Tried:
        """Run one trial."""
        configuration = trial.configuration

        def prune(fold: int, scores: Sequence[float], done: Attempt) -> str | None:
            if fold == 0 and self.clauses:
                made = self.matrices.fold(configuration.candidate.style, 0)
                if unfit := self.clauses.check(configuration, done, made):
                    return unfit
            return trial.prune(fold, scores, done)

        return evaluate(
            configuration, self.matrices, trial.folds, self.conditions,
            number=trial.number, prune=prune, on_loss=on_loss, deadline=trial.deadline,
        )  # fmt: skip


class Runner(Protocol):
    """Runs trials at once. What goes wrong with one is in what it gives; it never raises for one alone."""

    def run(self, bench: Bench, trials: Sequence[Trial], log: Log) -> list[Tried]:
        """Run trials, tell their losses, and return how they went, in their order."""
        ...


class Threads:
    """Runs each trial in a thread of this process."""

    def run(self, bench: Bench, trials: Sequence[Trial], log: Log) -> list[Tried]:
        """Run trials; one alone is run in the thread that asks."""

        def run(trial: Trial) -> Tried:
            name = trial.configuration.candidate.name

            def on_loss(step: int, value: float) -> None:
                if trial.is_told:
                    log.loss(name, step, value)

            return bench.run(trial, on_loss)

        if len(trials) <= 1:
            return [run(trial) for trial in trials]
        with ThreadPoolExecutor(len(trials)) as pool:
            return list(pool.map(run, trials))
