"""Tuning: Optuna looks for better parameters of the best candidate until its seconds or trials are used up.

The defaults are the first trial, with the score that they had in the comparison, so that tuning never
returns anything worse on the same folds.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from projects.evaluation.metrics import Metric
from projects.learning.candidates import Candidate, Parameters, Span
from projects.learning.compare import Validation

AfterFold = Callable[[int, dict[str, float]], None]
Validate = Callable[[Parameters, AfterFold], Validation]


@dataclass(frozen=True)
class Trial:
    """One trial that ran to its end.

    Attributes:
        number: Its number, from 1.
        parameters: What it tried.
        validation: What it found.
    """

    number: int
    parameters: Parameters
    validation: Validation


@dataclass(frozen=True)
class Tuning:
    """What tuning found.

    Attributes:
        parameters: The best.
        validation: The best one's scores.
        trials: All that ran to their end.
        stopped_early: How many were given up after some folds.
    """

    parameters: Parameters
    validation: Validation
    trials: tuple[Trial, ...]
    stopped_early: int


def tune(
    candidate: Candidate,
    default: Validation,
    validate: Validate,
    metric: Metric,
    *,
    seconds: float,
    most_trials: int,
    seed: int,
    clock: Callable[[], float] = time.monotonic,
) -> Tuning:
    """Search the candidate's spans.

    Args:
        candidate: What to tune.
        default: How its defaults scored.
        validate: Scores parameters; calls back after each fold.
        metric: What to improve.
        seconds: The time to spend; 0 tries nothing.
        most_trials: The most trials; where this ends the search before the time does, a seed repeats it.
        seed: For Optuna's sampler.
        clock: Seconds, monotonic.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    deadline = clock() + seconds
    trials: list[Trial] = []
    study = optuna.create_study(
        direction="maximize" if metric.is_better_higher else "minimize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1),
    )
    study.add_trial(_known(candidate, default.means[metric.name]))
    while len(study.trials) <= most_trials and clock() < deadline:
        asked = study.ask()
        parameters = _suggest(asked, candidate.spans)
        scores: list[float] = []

        def after_fold(
            fold: int, found: dict[str, float], *, scores: list[float] = scores, asked: Any = asked
        ) -> None:
            scores.append(found[metric.name])
            asked.report(sum(scores) / len(scores), fold)
            if asked.should_prune() or clock() > deadline:
                raise optuna.TrialPruned

        try:
            validation = validate(parameters, after_fold)
        except optuna.TrialPruned:
            study.tell(asked, state=optuna.trial.TrialState.PRUNED)
            continue
        study.tell(asked, validation.means[metric.name])
        trials.append(Trial(asked.number, parameters, validation))
    return _best(candidate, default, metric, trials, stopped=len(study.trials) - 1 - len(trials))


def _best(
    candidate: Candidate, default: Validation, metric: Metric, trials: list[Trial], *, stopped: int
) -> Tuning:
    sign = 1 if metric.is_better_higher else -1
    start = Trial(0, candidate.defaults, default)
    best = max([start, *trials], key=lambda trial: sign * trial.validation.means[metric.name])
    return Tuning(best.parameters, best.validation, tuple(trials), stopped)


def _suggest(trial: Any, spans: Mapping[str, Span]) -> dict[str, float | int]:
    return {
        name: (
            trial.suggest_int(name, span.low, span.high, log=span.log)
            if _is_whole(span)
            else trial.suggest_float(name, span.low, span.high, log=span.log)
        )
        for name, span in spans.items()
    }


def _known(candidate: Candidate, score: float) -> Any:
    import optuna

    kinds = {
        name: (
            optuna.distributions.IntDistribution(int(span.low), int(span.high), log=span.log)
            if _is_whole(span)
            else optuna.distributions.FloatDistribution(span.low, span.high, log=span.log)
        )
        for name, span in candidate.spans.items()
    }
    return optuna.trial.create_trial(params=dict(candidate.defaults), distributions=kinds, value=score)


def _is_whole(span: Span) -> bool:
    return isinstance(span.low, int) and isinstance(span.high, int)
