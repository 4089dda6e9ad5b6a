"""What a candidate is: how its estimator is made, what is tuned, what it costs and where its limits are.

A candidate makes estimators of scikit-learn, LightGBM, XGBoost or `projects.estimators`, which learn from the
dense matrix that the preparation of its style makes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from projects.learning.candidates.rounds import Rounds
from serving.plan.model import Task

Style = Literal["linear", "trees", "distance"]
Parameters = Mapping[str, Any]
CLASSES: tuple[Task, ...] = ("binary", "multiclass")
REGRESSION: tuple[Task, ...] = ("regression",)
ALL: tuple[Task, ...] = (*CLASSES, *REGRESSION)


@dataclass(frozen=True)
class Span:
    """The range in which a parameter is tuned; whole numbers if both ends are."""

    low: float
    high: float
    log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are tried."""
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True)
class Choice:
    """The values among which a parameter is chosen."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Making:
    """What an estimator is made for.

    Attributes:
        task: The task.
        seed: For everything random.
        threads: The most threads that a fit may use.
        rows: About how many rows it will be fitted on.
    """

    task: Task
    seed: int
    threads: int = 1
    rows: int = 0

    @property
    def is_regression(self) -> bool:
        """Whether numbers are predicted."""
        return self.task == "regression"


def always_there() -> str | None:
    """Nothing is missing."""
    return None


@dataclass(frozen=True)
class Candidate:
    """One model to compare.

    Attributes:
        name: What a person calls it.
        tasks: What it can do.
        style: How its columns are prepared.
        cost: About how many times as long as the cheapest it takes, with its preparation; cheap ones go
            first.
        make: Makes the unfitted estimator with all its parameters.
        defaults: Its parameters before tuning; each within its span.
        spans: What is tuned.
        grid: What `grid_search` goes through unless a person gives a grid.
        portfolio: Further parameters that do well on many tables, tried before any search.
        rounds: How it is watched while it fits, if it has rounds or epochs.
        stops_itself: Whether it has `patience`, `max_seconds` and `on_epoch`, and sets rows aside itself.
        start_seconds: Of importing its library; it is not begun with less than ten times as many left.
        most_rows: Beyond so many rows it learns from a sample of so many.
        needs_codes: Whether it takes classes as 0..k-1 only.
        in_deviations: Parameters whose defaults, spans and grid are in the target's deviations.
        adapt: Told the names of the matrix's columns before each fit, where it matters.
        missing: Says what is not installed, or None.
    """

    name: str
    tasks: tuple[Task, ...]
    style: Style
    cost: int
    make: Callable[[Making, Parameters], Any]
    defaults: Parameters = field(default_factory=dict)
    spans: Mapping[str, Span | Choice] = field(default_factory=dict)
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    portfolio: tuple[Parameters, ...] = ()
    rounds: Rounds | None = None
    stops_itself: bool = False
    start_seconds: float = 0.0
    most_rows: int | None = None
    needs_codes: bool = False
    in_deviations: tuple[str, ...] = ()
    adapt: Callable[[Any, Sequence[str]], None] | None = None
    missing: Callable[[], str | None] = always_there

    def scaled_to(self, deviation: float) -> "Candidate":
        """Return it with what is in the target's deviations in the target's unit."""
        if not self.in_deviations or not deviation > 0:
            return self
        mine, times = self.in_deviations, deviation

        def values(given: Parameters) -> dict[str, Any]:
            return {key: value * times if key in mine else value for key, value in given.items()}

        spans = {
            key: Span(float(span.low * times), float(span.high * times), span.log)
            if key in mine and isinstance(span, Span)
            else span
            for key, span in self.spans.items()
        }
        grid = {
            key: tuple(value * times for value in options) if key in mine else options
            for key, options in self.grid.items()
        }
        portfolio = tuple(values(start) for start in self.portfolio)
        return replace(self, defaults=values(self.defaults), spans=spans, grid=grid, portfolio=portfolio)
