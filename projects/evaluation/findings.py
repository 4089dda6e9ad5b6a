"""What an evaluation found, and the report of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from projects.evaluation.answers import Answers
from projects.evaluation.contributions import Contributions
from projects.evaluation.fairness import Fairness
from projects.evaluation.importance import Importance
from projects.evaluation.intervals import Interval
from projects.evaluation.metrics import Metric
from projects.evaluation.reliability import Reliability
from projects.evaluation.segments import Segment
from projects.evaluation.subject import Subject
from projects.evaluation.threshold import Choice


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes:
        subject: What was evaluated, with the rows that were looked at.
        answers: The model's answers to them.
        metric: What candidates are compared by.
        metrics: Every score that can be computed, `ece` and the differences between declared groups.
        intervals: Where each score lies.
        importance: What the columns weigh by permutation; None where SHAP values took its place.
        contributions: SHAP values, if they were asked for and the model has them.
        segments: Errors by parts of columns.
        fairness: Declared groups compared.
        reliability: How far the probabilities are off.
        threshold: The threshold in use and how it was chosen; None if there is none or it is not known.
    """

    subject: Subject
    answers: Answers
    metric: Metric
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    importance: Importance | None
    contributions: Contributions | None
    segments: tuple[Segment, ...]
    fairness: tuple[Fairness, ...]
    reliability: Reliability | None
    threshold: Choice | None

    @property
    def weights(self) -> dict[str, float]:
        """What each column that matters weighs, as shares that sum to 1, the heaviest first."""
        if self.contributions is not None:
            return self.contributions.shares
        return self.importance.shares if self.importance else {}

    @property
    def all_weights(self) -> dict[str, float]:
        """The same with 0 for columns that were looked at and do not matter; empty where none does."""
        shares = self.weights
        if not shares:
            return {}
        if self.contributions is not None:
            names = list(self.contributions.means)
        else:
            names = (
                [each.column for each in self.importance.weights if each.rounds] if self.importance else []
            )
        return shares | {name: 0.0 for name in names if name not in shares}


@dataclass(frozen=True)
class Report:
    """What was found, ready to be logged.

    Attributes:
        findings: The numbers.
        figures: Pictures by file name.
        tables: By file name: data frames for `.csv`, plain data for `.json`.
        lines: What was looked at and how, for a person.
        watch: What to watch, for a person, the gravest first.
    """

    findings: Findings
    figures: Mapping[str, Figure]
    tables: Mapping[str, Any]
    lines: tuple[str, ...]
    watch: tuple[str, ...]

    @property
    def metrics(self) -> Mapping[str, float]:
        """The scores."""
        return self.findings.metrics
