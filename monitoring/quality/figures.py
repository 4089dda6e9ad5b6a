"""What is told of the quality of some rows: metrics with their intervals, estimates, business metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric's value, and where it lies with 95 % confidence.

    Attributes:
        value: In the metric's unit.
        low: The interval's lower end; None where the rows are too few for an interval.
        high: Its upper end.
    """

    value: float
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} ({self.low:.4g} to {self.high:.4g})"


@dataclass(frozen=True, slots=True)
class Quality:
    """What the outcomes of some rows say.

    Attributes:
        task: `binary`, `multiclass` or `regression`.
        metrics: By name, as training names them; those that the rows do not allow are not there.
        rows: Predictions that were looked at.
        labelled: Those whose outcome is known.
        used: Those that the metrics are of: labelled, with an outcome and a score that can be used.
        notes: What could not be used and why, as sentences.
    """

    task: str
    metrics: Mapping[str, Figure]
    rows: int
    labelled: int
    used: int
    notes: tuple[str, ...] = ()

    @property
    def known_share(self) -> float:
        """The share of predictions whose outcome is known, 0 to 1."""
        return self.labelled / self.rows if self.rows else 0.0

    @property
    def values(self) -> dict[str, float]:
        """The metrics without their intervals."""
        return {name: figure.value for name, figure in self.metrics.items()}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the outcomes of some rows will say, as far as the model's own scores tell.

    Attributes:
        metrics: By name. An interval holds for what will be measured on these rows, as long as equal rows
            still have equal outcomes: a change of that is not seen without outcomes.
        rows: Predictions that the estimate is of.
        method: How it was made, in words.
        error: What is expected minus what was measured, by metric, on the rows whose outcomes are known and
            before these correct anything; empty without such rows.
        error_rows: How many rows that are.
    """

    metrics: Mapping[str, Figure]
    rows: int
    method: str
    error: Mapping[str, float] = field(default_factory=dict)
    error_rows: int = 0

    @property
    def values(self) -> dict[str, float]:
        """The metrics without their intervals."""
        return {name: figure.value for name, figure in self.metrics.items()}


@dataclass(frozen=True, slots=True)
class Business:
    """What the policy's expressions come to.

    Attributes:
        metrics: By the name that the policy gives them.
        rows: By name, how many rows a metric is of: one that reads outcomes is of rows with outcomes alone.
        problems: What could not be computed and why, as sentences.
    """

    metrics: Mapping[str, float]
    rows: Mapping[str, int]
    problems: tuple[str, ...] = ()
