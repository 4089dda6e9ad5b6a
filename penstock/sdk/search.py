"""Models on the same folds: named algorithms by the pipelines' search, estimators by fitting them anew."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from penstock.sdk.models import Named, pipeline_of
from penstock.sdk.table import Table
from projects.errors import BadInput
from projects.evaluation.metrics import Metric, measure_all
from projects.learning.attempt import Conditions
from projects.learning.budget import Budget
from projects.learning.compare import Rows, Validation, answers_of
from projects.learning.configuration import Configuration
from projects.learning.contest import check_parameters
from projects.learning.final import Fitting, Member
from projects.learning.log import Log
from projects.learning.matrices import Matrices, codes_of
from projects.learning.quiet import fitting_quietly
from projects.learning.ranking import validation_of
from projects.learning.search import Asked, Search
from projects.learning.trial import Tried
from projects.requirement.model import TuningMethod

MOST_THREADS = 4


@dataclass(frozen=True)
class Compared:
    """One model and how it did on the folds.

    Attributes:
        named: The model; an algorithm with its best parameters.
        validation: Its scores; None where it could not be fitted.
        reason: Why it has none.
        fit: Fits it on all rows.
    """

    named: Named
    validation: Validation | None
    reason: str
    fit: Callable[[], Any]


@dataclass(frozen=True)
class Field:
    """Where models are compared.

    Attributes:
        table: All rows.
        rows: Those to compare on, with their folds.
        metric: What is compared by.
        seed: For everything random.
        patience: Rounds without improvement after which a booster stops.
        clock: Seconds, monotonic.
    """

    table: Table
    rows: Rows
    metric: Metric
    seed: int
    patience: int = 10
    clock: Callable[[], float] = field(default=time.monotonic)

    def compare(self, models: Sequence[Named], log: Log) -> list[Compared]:
        """Compare models with the parameters that they have; the best comes first, what failed last."""
        named = [each for each in models if each.candidate is not None]
        found: dict[str, Compared] = {}
        if named:
            search = self.searched(named, log, method="none", trials=0, seconds=np.inf, grid={})
            found = {each.name: self._compared(search, each) for each in named}
        for each in models:
            if each.name not in found:
                found[each.name] = self._fitted_anew(each)
        sign = 1 if self.metric.is_better_higher else -1

        def gain(each: Compared) -> float:
            score = np.nan if each.validation is None else each.validation.means.get(self.metric.name, np.nan)
            return sign * score if np.isfinite(score) else -np.inf

        return sorted((found[each.name] for each in models), key=gain, reverse=True)

    def searched(
        self,
        models: Sequence[Named],
        log: Log,
        *,
        method: TuningMethod,
        trials: int,
        seconds: float,
        grid: Mapping[str, tuple[Any, ...]],
    ) -> Search:
        """Run the pipelines' search over named algorithms.

        Raises:
            BadInput: A parameter is none of the algorithm's.
        """
        from threadpoolctl import threadpool_limits

        rows, conditions = self.rows, self._conditions()
        codes = codes_of(rows.y, rows.classes)
        deviation = 0.0 if rows.classes else float(np.std(codes))
        kinds = {each.candidate.name: each.candidate for each in models if each.candidate}
        candidates = [candidate.scaled_to(deviation) for candidate in kinds.values()]
        fixed = {each.candidate.name: each.parameters for each in models if each.candidate}
        check_parameters(candidates, dict.fromkeys(kinds, grid) if grid else fixed, conditions)
        asked = Asked(
            candidates, method, trials, fixed=fixed, grid=dict.fromkeys(kinds, grid), members=list(kinds)
        )
        prepare = self.table.preparing(self.seed)
        search = Search(
            asked, Matrices(rows, codes, prepare, clock=self.clock), conditions,
            Budget(seconds, self.clock), log=log, rows_in_all=len(self.table.frame),
        )  # fmt: skip
        with fitting_quietly(), threadpool_limits(limits=conditions.threads, user_api="blas"):
            search.run()
        return search

    def best(self, search: Search, named: Named) -> Compared:
        """Return the best that a search found of one algorithm.

        Raises:
            BadInput: Nothing could be fitted.
        """
        found = self._compared(search, named)
        if found.validation is None:
            raise BadInput(f"{named.name} could not be fitted on these rows: {found.reason}")
        return found

    def _compared(self, search: Search, named: Named) -> Compared:
        name = named.candidate.name if named.candidate else ""
        tried = next((each for each in search.best_of_each if each.name == name), None)
        if tried is None:
            reasons = [each.reason for each in search.tried if each.name == name and each.reason]
            reason = next(iter(reasons), search.skipped.get(name, "it was not tried"))
            return Compared(named, None, reason, lambda: None)
        validation = validation_of(search, tried.answers[: search.folds], tried.seconds)
        known = Named(named.name, named.candidate, None, parameters_of(tried))
        width = search.matrices.widths.get(tried.configuration.candidate.style, 0)
        member = Member(tried.configuration, tried.rounds, width)
        return Compared(known, validation, "", lambda: self._fitted(member, search.conditions))

    def _fitted(self, member: Member, conditions: Conditions) -> Any:
        from sklearn.pipeline import Pipeline

        table = self.table
        fitting = Fitting(
            table.frame, table.target.truth, table.classes, table.preparing(self.seed), conditions
        )
        return Pipeline([table.reading(), *fitting.alone(member).steps])

    def _fitted_anew(self, named: Named) -> Compared:
        """Fit an estimator anew on each fold; what a library raises ends this model alone."""
        rows, started, found = self.rows, self.clock(), []
        model = pipeline_of(named, self.table, seed=self.seed)
        try:
            for fit, score in rows.folds:
                found.append(self._scored(model, fit, score))
        except Exception as error:  # noqa: BLE001 - one model's failure must not end the comparison; it is told
            return Compared(named, None, f"{type(error).__name__}: {error}"[:300], lambda: None)
        names = [name for name in found[0] if all(name in scores for scores in found)]
        table = {name: tuple(scores[name] for scores in found) for name in names}
        validation = Validation(
            {name: float(np.mean(scores)) for name, scores in table.items()},
            {name: float(np.std(scores)) for name, scores in table.items()},
            self.clock() - started,
            table,
        )

        def fit_all() -> Any:
            with fitting_quietly():
                return model.fit(self.table.frame, self.table.target.truth)

        return Compared(named, validation, "", fit_all)

    def _scored(self, model: Any, fit: Any, score: Any) -> dict[str, float]:
        from sklearn.base import clone

        rows = self.rows
        with fitting_quietly():
            fitted = clone(model).fit(rows.X.iloc[fit], rows.y[fit])
            answers = answers_of(fitted, rows.X.iloc[score], rows.y[score], rows.classes)
        return measure_all(answers, rows.task)

    def _conditions(self) -> Conditions:
        threads = min(MOST_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
        rows = self.rows
        return Conditions(
            rows.task, len(rows.classes or ()), self.metric, self.seed, threads, self.patience, self.clock
        )


def parameters_of(tried: Tried) -> dict[str, Any]:
    """Return all parameters of what was tried, with the rounds that were found."""
    configuration: Configuration = tried.configuration
    parameters, rounds = dict(configuration.parameters), configuration.candidate.rounds
    if tried.rounds is not None and rounds is not None:
        parameters[rounds.parameter] = tried.rounds
    return parameters
