"""The contest: compare, tune the best, fit it, and only then look at the held-out rows."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from sklearn.pipeline import Pipeline

from projects.evaluation.metrics import Answers, measure_all
from projects.learning import pipelines
from projects.learning.candidates import MOST_THREADS, Candidate, Parameters
from projects.learning.compare import Validation, answers_of, validate
from projects.learning.tune import AfterFold, Tuning, tune
from projects.options import Options
from projects.problem import Problem
from projects.progress import Progress
from projects.tracking import Tracker


@dataclass(frozen=True)
class Winner:
    """The best candidate, tuned and fitted.

    Attributes:
        candidate: Which one.
        ranking: All candidates before tuning, best first.
        tuning: Its parameters and how they were found.
        pipeline: Fitted on the rows to learn from.
        answers: What it says of the held-out rows.
        scores: How good that is.
    """

    candidate: Candidate
    ranking: tuple[tuple[str, Validation], ...]
    tuning: Tuning
    pipeline: Pipeline
    answers: Answers
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Contest:
    """One contest over a problem.

    Attributes:
        options: The budgets.
        problem: The rows.
        tracker: Where candidates and trials are written down.
        progress: Where a person watches.
    """

    options: Options
    problem: Problem
    tracker: Tracker
    progress: Progress

    def run(self) -> Winner:
        """Compare, tune, fit, score."""
        ranking = self._compare()
        candidate, default = ranking[0]
        tuning = self._tune(candidate, default)
        with self.progress.step("fitting the best, scoring the held-out rows") as step:
            pipeline, answers = self._fit(candidate, tuning.parameters)
            scores = measure_all(answers, self.problem.target.task)
            step.result = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
        names = tuple((tried.name, validation) for tried, validation in ranking)
        return Winner(candidate, names, tuning, pipeline, answers, scores)

    def _compare(self) -> list[tuple[Candidate, Validation]]:
        found = []
        metric = self.problem.metric
        for candidate in self.problem.candidates:
            with self.progress.step(f"comparing {candidate.name}") as step:
                validation = validate(self._pipeline(candidate), self.problem.rows)
                mean, deviation = validation.means[metric.name], validation.deviations[metric.name]
                step.result = f"{metric.name} {mean:.4f} +- {deviation:.4f}"
            parameters = {"model": candidate.name, **candidate.defaults}
            self.tracker.nested(candidate.name, "candidate", parameters, validation)
            found.append((candidate, validation))
        sign = -1 if metric.is_better_higher else 1
        return sorted(found, key=lambda pair: sign * pair[1].means[metric.name])

    def _tune(self, candidate: Candidate, default: Validation) -> Tuning:
        options, metric = self.options, self.problem.metric

        def try_out(parameters: Parameters, after_fold: AfterFold) -> Validation:
            return validate(self._pipeline(candidate, parameters), self.problem.rows, after_fold=after_fold)

        with self.progress.step(f"tuning {candidate.name} (at most {options.tune_seconds:g} s)") as step:
            tuning = tune(
                candidate, default, try_out, metric,
                seconds=options.tune_seconds, most_trials=options.tune_trials, seed=options.seed,
            )  # fmt: skip
            before, after = default.means[metric.name], tuning.validation.means[metric.name]
            tried = f"{len(tuning.trials)} trials, {tuning.stopped_early} more given up early"
            step.result = f"{metric.name} {before:.4f} -> {after:.4f} after {tried}"
        for trial in tuning.trials:
            parameters = {"model": candidate.name, **trial.parameters}
            name = f"{candidate.name} trial {trial.number}"
            self.tracker.nested(name, "trial", parameters, trial.validation)
        return tuning

    def _fit(self, candidate: Candidate, parameters: Parameters) -> tuple[Pipeline, Answers]:
        split = self.problem.split
        with pipelines.fitting_quietly():
            fitted = self._pipeline(candidate, parameters).fit(split.X_train, split.y_train)
            pipeline = pipelines.on_one_thread(fitted)
            return pipeline, answers_of(pipeline, split.X_held, split.y_held, self.problem.target.classes)

    def _pipeline(self, candidate: Candidate, parameters: Parameters | None = None) -> Pipeline:
        return pipelines.build(
            candidate,
            self.problem.features,
            self.problem.target.task,
            seed=self.options.seed,
            threads=min(MOST_THREADS, os.cpu_count() or 1),
            max_categories=self.options.max_categories,
            parameters=parameters,
        )
