"""In plain words: which model, why, what score to expect, what it costs, what matters, what to watch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from projects.counted import counted
from projects.evaluation.course import Course
from projects.evaluation.findings import Findings, Report
from projects.evaluation.intervals import written
from projects.evaluation.ranking import Ranked, compared, lead, within_chance

MOST_COLUMNS = 5
COSTS = (
    ("p99_ms", "{:.3g} ms for one row (p99)"),
    ("rows_per_second", "{:,.0f} rows a second in batches"),
    ("size_mb", "{:.3g} MB"),
    ("train_minutes", "{:.2g} minutes to train"),
)


@dataclass(frozen=True)
class Recommendation:
    """What a person is told at the end.

    Attributes:
        which: Which model and why.
        expect: What score to expect, beside what no model would reach.
        cost: What it costs; empty if that was not measured.
        matters: Which columns matter; empty if none does.
        watch: What to watch, the gravest first.
        data: What was found in the data.
    """

    which: str
    expect: str
    cost: str
    matters: str
    watch: tuple[str, ...]
    data: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The same as lines of a terminal."""
        named = (
            ("use", self.which),
            ("expect", self.expect),
            ("costs", self.cost),
            ("matters", self.matters),
        )
        lines = [f"{name + ':':<12}{text}" for name, text in named if text]
        lines += [f"{'watch:':<12}{text}" for text in self.watch]
        return lines + [f"{'data:':<12}{text}" for text in self.data]


def recommend(
    report: Report,
    course: Course,
    *,
    costs: Mapping[str, float] | None = None,
    data: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Recommendation:
    """Put an evaluation into plain words.

    Args:
        report: What was found of the model.
        course: How it was chosen.
        costs: `p99_ms`, `size_mb`, `train_minutes`, `rows_per_second`; those that were measured.
        data: Sentences about the data: issues, outliers, leakage, the sampling's receipt.
        notes: More to watch, before all else.
    """
    found = report.findings
    return Recommendation(
        _which(found, course), _expect(found), _cost(costs or {}), _matters(found),
        (*notes, *report.watch), tuple(data),
    )  # fmt: skip


def _which(found: Findings, course: Course) -> str:
    metric, name = found.metric, found.subject.name
    scored = compared(course.ranking, metric)
    if not scored:
        return f"{name}, the only model there is"
    where = "on the one fold that there was time for" if course.folds == 1 else "in cross-validation"
    if len(scored) == 1:
        mean = f"{metric.name} {scored[0].mean:.4f} {where}"
        return f"{name}, the only candidate with a score ({mean})"
    best = "highest" if metric.is_better_higher else "lowest"
    first = scored[0]
    said = f"{name}: "
    if name != first.name:
        said += f"{first.name} had "
    said += f"the {best} {metric.name} {where}, {first.mean:.4f}"
    if ahead := lead(course.ranking, metric, folds=course.folds, ratio=course.ratio):
        said += f", {ahead}"
    return said + _cheaper(scored, course, found)


def _cheaper(scored: Sequence[Ranked], course: Course, found: Findings) -> str:
    """Name those that are as good and trained in half of the time."""
    same = within_chance(scored, found.metric, folds=course.folds, ratio=course.ratio)
    own = found.subject.name
    quick = [row.name for row in same if row.name != own and row.seconds < scored[0].seconds / 2]
    if not quick:
        return ""
    return f"; as good within chance and at least twice as quick to train: {', '.join(quick[:3])}"


def _expect(found: Findings) -> str:
    answers, metric = found.answers, found.metric
    rows = f"on {counted(len(answers), 'held-out row')}"
    if metric.name not in found.metrics:
        return f"{metric.name} cannot be computed {rows}"
    said = f"{metric.name} {written(found.metrics, found.intervals, metric.name)} {rows}"
    if answers.classes is None:
        spread = float(np.std(answers.truth))
        more = "r2" if metric.name != "r2" else "mae"
        others = f"{more} {found.metrics[more]:.4g}; " if more in found.metrics else ""
        return f"{said}; {others}always answering the mean would err by {spread:.4g} (rmse)"
    shares = np.bincount(answers.codes, minlength=len(answers.classes)) / len(answers)
    common: Any = answers.classes[int(shares.argmax())]
    own = "" if metric.name == "accuracy" else f"accuracy {found.metrics['accuracy']:.1%}; "
    return f"{said}; {own}always answering '{common}' would be right in {shares.max():.1%}"


def _cost(costs: Mapping[str, float]) -> str:
    return ", ".join(form.format(costs[name]) for name, form in COSTS if name in costs)


def _matters(found: Findings) -> str:
    weights = found.weights
    top = [f"{name} ({share:.0%})" for name, share in list(weights.items())[:MOST_COLUMNS]]
    if not top:
        return "no column: shuffled, none makes the answers worse" if found.importance else ""
    rest = len(found.subject.X.columns) - len(top)
    return ", ".join(top) + (f"; {counted(rest, 'more column', 'shares')} the rest" if rest > 0 else "")
