"""Who proposes a candidate's next parameters: Optuna's TPE, chance, or a grid."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from projects.learning.candidates.candidate import Candidate, Choice, Parameters, Span
from projects.learning.configuration import Configuration


class Proposer(Protocol):
    """Proposes parameters for one candidate. Not safe for threads: one at a time asks and tells."""

    def ask(self) -> tuple[dict[str, Any], Any] | None:
        """Return parameters and a ticket to tell with; None when there are no more."""
        ...

    def tell(self, ticket: Any, parameters: Parameters, gain: float | None) -> None:
        """Hear how parameters did, more being better; None if they did not come to an end."""
        ...


class ByChance:
    """Draws each parameter from its span."""

    def __init__(self, spans: Mapping[str, Span | Choice], seed: int) -> None:
        self._spans, self._random = spans, np.random.default_rng(seed)

    def ask(self) -> tuple[dict[str, Any], Any] | None:
        """Draw."""
        if not self._spans:
            return None
        return {name: self._draw(span) for name, span in self._spans.items()}, None

    def tell(self, ticket: Any, parameters: Parameters, gain: float | None) -> None:
        """Chance learns nothing."""

    def _draw(self, span: Span | Choice) -> Any:
        if isinstance(span, Choice):
            return span.values[int(self._random.integers(len(span.values)))]
        low, high = (np.log(span.low), np.log(span.high)) if span.log else (span.low, span.high)
        value = float(self._random.uniform(low, high))
        value = float(np.exp(value)) if span.log else value
        return int(np.clip(round(value), span.low, span.high)) if span.is_whole else value


class ByTpe:
    """Optuna's tree-structured Parzen estimator (Bergstra et al. 2011)."""

    def __init__(self, spans: Mapping[str, Span | Choice], seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna, self._spans = optuna, dict(spans)
        self._kinds = {name: _distribution(span) for name, span in spans.items()}
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=6, multivariate=False)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)

    def ask(self) -> tuple[dict[str, Any], Any] | None:
        """Ask the study."""
        if not self._kinds:
            return None
        trial = self._study.ask(self._kinds)
        return dict(trial.params), trial

    def tell(self, ticket: Any, parameters: Parameters, gain: float | None) -> None:
        """Tell the study, also of parameters that it did not propose."""
        state = self._optuna.trial.TrialState
        if ticket is not None:
            self._study.tell(ticket, gain, state=state.FAIL if gain is None else state.COMPLETE)
            return
        known = {name: parameters.get(name) for name in self._kinds}
        if gain is None or not all(_holds(span, known[name]) for name, span in self._spans.items()):
            return
        self._study.add_trial(
            self._optuna.trial.create_trial(params=known, distributions=self._kinds, value=gain)
        )


def _holds(span: Span | Choice, value: Any) -> bool:
    if isinstance(span, Choice):
        return value in span.values
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and span.low <= value <= span.high and (not span.is_whole or isinstance(value, int))


def _distribution(span: Span | Choice) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(span, Choice):
        return CategoricalDistribution(span.values)
    if span.is_whole:
        return IntDistribution(int(span.low), int(span.high), log=span.log)
    return FloatDistribution(span.low, span.high, log=span.log)


def grid_of(start: Configuration, grid: Mapping[str, tuple[Any, ...]]) -> Iterator[Configuration]:
    """Go through all combinations in order, the last parameter moving first."""
    names = list(grid)
    for values in itertools.product(*(grid[name] for name in names)):
        rounds = start.candidate.rounds
        made = start.with_parameters(dict(zip(names, values, strict=True)), "grid")
        if rounds is not None and rounds.parameter in names:
            made = Configuration(made.candidate, made.parameters, "grid", has_fixed_rounds=True)
        yield made


def free_spans(
    candidate: Candidate, fixed: Parameters, *, has_early_stopping: bool
) -> dict[str, Span | Choice]:
    """Return what may be tuned: not what a person fixed; rounds too where no early stopping finds them."""
    spans = {name: span for name, span in candidate.spans.items() if name not in fixed}
    if candidate.rounds and not has_early_stopping and candidate.rounds.parameter not in fixed:
        spans[candidate.rounds.parameter] = Span(50, 500, log=True)
    return spans
