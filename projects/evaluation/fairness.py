"""How the model treats declared groups of people: who is selected, who is missed, and how unequally.

Measures as Fairlearn names them: the selection rate is the share called positive; demographic parity
compares selection rates, equalised odds true and false positive rates (Hardt et al., 2016). Which
differences are fair is for people to say.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.evaluation.intervals import Interval, share_interval
from projects.evaluation.levels import levels
from projects.evaluation.segments import biases
from projects.evaluation.subject import Subject
from projects.hints import did_you_mean

FEWEST_ROWS = 30
FOUR_FIFTHS = 0.8
"""The ratio of selection rates below which US guidelines (1978) see adverse impact."""
MATTERS = 0.1
NOT_THERE = float("nan")
UNFIT = re.compile(r"[^\w \-]")
"""What MLflow takes in no metric's name, and the point that parts the name."""
NOWHERE = Interval(NOT_THERE, NOT_THERE)
MEASURES = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "error_difference",
)


@dataclass(frozen=True)
class Group:
    """One group. Rates are NaN where no row allows them, and for regressions and several classes.

    Attributes:
        name: The group.
        rows: How many held-out rows.
        positives: How many of them are truly positive.
        selection_rate: The share called positive.
        selection_interval: Where that lies.
        tpr: Of the truly positive, the share called so.
        fpr: Of the truly negative, the share called positive.
        precision: Of those called positive, the share that is.
        error: The share called wrong, or the mean absolute error.
        bias: The mean of predicted minus true, or of probability minus truth.
    """

    name: str
    rows: int
    positives: int
    selection_rate: float
    selection_interval: Interval
    tpr: float
    fpr: float
    precision: float
    error: float
    bias: float

    @property
    def is_small(self) -> bool:
        """Whether its rates rest on few rows."""
        return self.rows < FEWEST_ROWS


@dataclass(frozen=True)
class Fairness:
    """One column's groups, and how far they are apart.

    Attributes:
        column: Which.
        groups: All groups.
        demographic_parity_difference: Highest less lowest selection rate.
        demographic_parity_ratio: Lowest over highest selection rate.
        equalized_odds_difference: The larger of the differences of the true and the false positive rates.
        error_difference: Highest less lowest error.
    """

    column: str
    groups: tuple[Group, ...]
    demographic_parity_difference: float
    demographic_parity_ratio: float
    equalized_odds_difference: float
    error_difference: float


def fairness(subject: Subject, answers: Answers, columns: Sequence[str]) -> tuple[Fairness, ...]:
    """Compare the groups of each declared column.

    Raises:
        BadInput: There is no such column.
    """
    return tuple(_of_column(subject, answers, name) for name in columns)


def in_words(found: Fairness) -> list[str]:
    """Say what stands out, if anything does, and which groups are small."""
    said = []
    small = [group.name for group in found.groups if group.is_small]
    large = [group for group in found.groups if not group.is_small]
    rates = [group for group in large if np.isfinite(group.selection_rate)]
    if len(rates) > 1:
        low, high = (pick(rates, key=lambda group: group.selection_rate) for pick in (min, max))
        apart = low.selection_interval.high < high.selection_interval.low
        if apart and low.selection_rate < FOUR_FIFTHS * high.selection_rate:
            said.append(
                f"{found.column}: {low.selection_rate:.1%} of '{low.name}' are called positive,"
                f" {high.selection_rate:.1%} of '{high.name}'"
            )
        if (odds := _odds(large)) > MATTERS:
            said.append(
                f"{found.column}: true or false positive rates differ by up to {odds:.2f} between groups"
            )
    if small:
        names = ", ".join(f"'{name}'" for name in small[:5])
        said.append(
            f"{found.column}: fewer than {FEWEST_ROWS} rows of {names}; their rates are mostly chance"
        )
    return said


def as_table(found: Sequence[Fairness]) -> pd.DataFrame:
    """Return one row a group."""
    return pd.DataFrame(
        [
            {
                "column": one.column, "group": group.name, "rows": group.rows, "positives": group.positives,
                "selection_rate": group.selection_rate, "selection_low": group.selection_interval.low,
                "selection_high": group.selection_interval.high, "tpr": group.tpr, "fpr": group.fpr,
                "precision": group.precision, "error": group.error, "bias": group.bias,
                "is_small": group.is_small,
            }
            for one in found
            for group in one.groups
        ]
    )  # fmt: skip


def as_metrics(found: Sequence[Fairness]) -> dict[str, float]:
    """Return the differences by name, `fairness.COLUMN.MEASURE`; those that there are."""
    values = {
        f"fairness.{UNFIT.sub('_', one.column)}.{name}": getattr(one, name)
        for one in found
        for name in MEASURES
    }
    return {name: value for name, value in values.items() if np.isfinite(value)}


def _of_column(subject: Subject, answers: Answers, name: str) -> Fairness:
    cells = subject.column(name)
    if cells is None:
        known = [*subject.X.columns, *(() if subject.beside is None else subject.beside.columns)]
        raise BadInput(f"evaluation.groups names '{name}', which is no column; {did_you_mean(name, known)}")
    groups = [_group(part, answers.take(mask)) for part, mask in levels(cells) if mask.any()]
    rates = _there([group.selection_rate for group in groups])
    ratio = min(rates) / max(rates) if rates and max(rates) > 0 else NOT_THERE
    errors = [group.error for group in groups]
    return Fairness(name, tuple(groups), _spread(rates), ratio, _odds(groups), _spread(errors))


def _group(name: str, a: Answers) -> Group:
    error, bias, rows = float(a.row_losses.mean()), float(biases(a).mean()), len(a)
    if not a.is_binary:
        return Group(name, rows, 0, NOT_THERE, NOWHERE, NOT_THERE, NOT_THERE, NOT_THERE, error, bias)
    (tn, fp), (fn, tp) = a.counts.tolist()
    return Group(
        name, rows, tp + fn, (tp + fp) / rows, share_interval(tp + fp, rows),
        _over(tp, tp + fn), _over(fp, fp + tn), _over(tp, tp + fp), error, bias,
    )  # fmt: skip


def _odds(groups: Sequence[Group]) -> float:
    spreads = [_spread(_there([getattr(group, rate) for group in groups])) for rate in ("tpr", "fpr")]
    return max(_there(spreads), default=NOT_THERE)


def _spread(values: Sequence[float]) -> float:
    return max(values) - min(values) if len(values) > 1 else NOT_THERE


def _there(values: Sequence[Any]) -> list[float]:
    return [value for value in values if np.isfinite(value)]


def _over(part: int, whole: int) -> float:
    return part / whole if whole else NOT_THERE
