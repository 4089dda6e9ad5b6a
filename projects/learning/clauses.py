"""Cost clauses while searching: what breaks one is given up, and members of an ensemble cost their sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from sklearn.pipeline import Pipeline

from projects.learning.attempt import Attempt
from projects.learning.configuration import Configuration
from projects.learning.costs import LATENCY, measure_costs, summed, unmet
from projects.learning.matrices import Fold
from projects.learning.trial import Tried
from serving.plan.model import Column, Task

ROWS_ASKED = 60
MEASURED = 4
"""Times at most: a latency above its bound may be other work's on the machine, which only adds."""


@dataclass(frozen=True)
class Clauses:
    """The bounds, and what each configuration was found to cost.

    Attributes:
        bounds: The most of each cost.
        columns: The inputs.
        rows: Some rows to ask about.
        task: The task.
        rows_in_all: That the last fit learns from.
        known: Costs by configuration.
    """

    bounds: Mapping[str, float]
    columns: tuple[Column, ...]
    rows: pd.DataFrame
    task: Task
    rows_in_all: int
    known: dict[str, Mapping[str, float]] = field(default_factory=dict)

    def check(self, configuration: Configuration, done: Attempt, fold: Fold) -> str | None:
        """Say why a configuration cannot meet the clauses, or None."""
        if not self.bounds:
            return None
        most = configuration.candidate.most_rows or self.rows_in_all
        fit_s = done.fit_seconds * max(1.0, min(most, self.rows_in_all) / max(1, done.rows))
        costs: Mapping[str, float] = {"train_minutes": fit_s / 60}
        if set(self.bounds) - {"train_minutes"}:
            pipeline = Pipeline([*fold.steps.steps, ("model", done.model)])
            costs = self._calmest(pipeline, fit_s)
        self.known[configuration.key] = costs
        return unmet(costs, self.bounds)

    def _calmest(self, pipeline: Pipeline, fit_s: float) -> Mapping[str, float]:
        """Measure, and again while it is the latency alone that is above its bound; return the least."""
        rows = self.rows.head(ROWS_ASKED)
        found = measure_costs(pipeline, self.columns, rows, self.task, fit_s=fit_s)
        others = {name: bound for name, bound in self.bounds.items() if name != LATENCY}
        for _ in range(MEASURED - 1):
            if unmet(found, others) or not unmet(found, self.bounds):
                break
            again = measure_costs(pipeline, self.columns, rows, self.task, fit_s=fit_s)
            found = min(found, again, key=lambda costs: costs[LATENCY])
        return found

    def may_join(self, members: Sequence[Tried]) -> bool:
        """Whether members together meet the clauses, as far as their costs are known."""
        if not self.bounds:
            return True
        known = [self.known.get(each.configuration.key, {}) for each in members]
        return unmet(summed(known), self.bounds) is None
