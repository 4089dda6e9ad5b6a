"""Where a search writes down what it does."""

from dataclasses import dataclass
from typing import Protocol

from projects.counted import counted
from projects.evaluation.metrics import Metric
from projects.learning.trial import Tried
from projects.progress import Progress


class Log(Protocol):
    """Hears of a search as it goes. Called from the search's own threads; must return at once."""

    def candidate(self, tried: Tried) -> None:
        """A candidate's defaults were tried."""
        ...

    def trial(self, tried: Tried) -> None:
        """Other parameters were tried."""
        ...

    def loss(self, name: str, step: int, value: float) -> None:
        """A candidate's loss on rows it does not learn from, after `step` rounds or epochs."""
        ...


class Unheard:
    """Writes nothing down."""

    def candidate(self, tried: Tried) -> None:
        """Ignore it."""

    def trial(self, tried: Tried) -> None:
        """Ignore it."""

    def loss(self, name: str, step: int, value: float) -> None:
        """Ignore it."""


@dataclass(frozen=True)
class Told:
    """Tells a person of each candidate, and hands everything on.

    Attributes:
        log: Where it is written down.
        progress: Where a person watches.
        metric: What is compared by.
    """

    log: Log
    progress: Progress
    metric: Metric

    def candidate(self, tried: Tried) -> None:
        """Tell how a candidate did."""
        score = f"{self.metric.name} {tried.mean(len(tried.scores)):.4f}" if tried.scores else "no score"
        ending = "" if tried.is_complete else f", {tried.state}: {tried.reason}"
        folds = f"{counted(len(tried.scores), 'fold')} of {counted(tried.rows, 'row')}"
        self.progress.note(f"{tried.name}: {score} ({folds}, {tried.seconds:.1f} s{ending})")
        self.log.candidate(tried)

    def trial(self, tried: Tried) -> None:
        """Hand a trial on."""
        self.log.trial(tried)

    def loss(self, name: str, step: int, value: float) -> None:
        """Hand a loss on."""
        self.log.loss(name, step, value)
