"""What is tried after the defaults: a grid in order, or proposals for the candidates by their ranks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from projects.learning.attempt import Conditions
from projects.learning.candidates.candidate import Candidate, Parameters
from projects.learning.configuration import Configuration, starting
from projects.learning.suggest import ByChance, ByTpe, Proposer, free_spans, grid_of
from projects.learning.trial import Tried

SHARES = (1.0, 0.6, 0.4, 0.25, 0.15)
"""Of the effort, by the rank of the candidate's best; what ranks lower gets none."""
NO_MORE = float("inf")


@dataclass
class Proposals:
    """An endless source of configurations, which hears how they did.

    A candidate's effort is counted by what its kind of fit usually costs, not by the clock, so that the same
    seed proposes the same. Its portfolio comes first, then a proposer of its own.

    Attributes:
        conditions: Of the search.
        fixed: Parameters that a person fixed, by candidate.
        by_chance: Whether parameters are drawn; else Optuna proposes them.
        resumed: How many trials an earlier search had, so that its random start is not repeated.
        ranked: The best complete configuration of each candidate, best first.
        gain: How good a configuration is; more is better.
        tried: All so far.
    """

    conditions: Conditions
    fixed: Mapping[str, Parameters]
    by_chance: bool
    resumed: int
    ranked: Callable[[], Sequence[Tried]]
    gain: Callable[[Tried], float | None]
    tried: Callable[[], Sequence[Tried]]
    _proposers: dict[str, Proposer] = field(default_factory=dict, init=False)
    _queues: dict[str, list[Parameters]] = field(default_factory=dict, init=False)
    _efforts: dict[str, float] = field(default_factory=dict, init=False)

    def __iter__(self) -> Iterator[Configuration]:
        """Propose until no candidate has anything new."""
        seen = {each.configuration.key for each in self.tried()}
        while (candidate := self._candidate()) is not None:
            self._efforts[candidate.name] = self._efforts.get(candidate.name, 0.0) + candidate.cost
            configuration = self._next(candidate)
            if configuration is None:
                self._efforts[candidate.name] = NO_MORE
            elif configuration.key not in seen:
                seen.add(configuration.key)
                yield configuration

    def tell(self, tried: Tried) -> None:
        """Hear how a configuration did."""
        if tried.name in self._proposers:
            configuration = tried.configuration
            self._proposers[tried.name].tell(configuration.ticket, configuration.parameters, self.gain(tried))

    def _candidate(self) -> Candidate | None:
        """Choose the one that had least of its share."""
        ranked = list(self.ranked())[: len(SHARES)]
        shares = [
            (self._efforts.get(each.name, 0.0) / share, at)
            for at, (each, share) in enumerate(zip(ranked, SHARES, strict=False))
        ]
        had, at = min(shares, default=(NO_MORE, 0))
        return None if had == NO_MORE else ranked[at].configuration.candidate

    def _next(self, candidate: Candidate) -> Configuration | None:
        fixed = self.fixed.get(candidate.name, {})
        start = starting(candidate, fixed)
        if candidate.name not in self._proposers:
            self._proposers[candidate.name] = self._proposer(candidate, fixed)
            self._queues[candidate.name] = [] if self.by_chance else list(candidate.portfolio)
        if self._queues[candidate.name]:
            given = self._queues[candidate.name].pop(0)
            free = {name: value for name, value in given.items() if name not in fixed}
            return start.with_parameters(free, "portfolio")
        asked = self._proposers[candidate.name].ask()
        if asked is None:
            return None
        parameters, ticket = asked
        has_rounds = candidate.rounds is not None and candidate.rounds.parameter in parameters
        return Configuration(
            candidate,
            {**start.parameters, **parameters},
            "search",
            start.has_fixed_rounds or has_rounds,
            ticket,
        )

    def _proposer(self, candidate: Candidate, fixed: Parameters) -> Proposer:
        spans = free_spans(candidate, fixed, has_early_stopping=self.conditions.patience is not None)
        seed = self.conditions.seed + self.resumed
        made: Proposer = ByChance(spans, seed) if self.by_chance else ByTpe(spans, seed)
        for each in self.tried():
            if each.name == candidate.name and each.is_complete:
                made.tell(None, each.configuration.parameters, self.gain(each))
        return made


def grid_search(
    candidates: Sequence[Candidate],
    grids: Mapping[str, Mapping[str, tuple[Any, ...]]],
    fixed: Mapping[str, Parameters],
    tried: Sequence[Tried],
) -> Iterator[Configuration]:
    """Go through the grid of one candidate after another: a person's own, else the candidate's."""
    seen = {each.configuration.key for each in tried}
    for candidate in sorted(candidates, key=lambda candidate: candidate.cost):
        mine = fixed.get(candidate.name, {})
        grid = grids.get(candidate.name) or {
            name: values for name, values in candidate.grid.items() if name not in mine
        }
        for configuration in grid_of(starting(candidate, mine), grid) if grid else ():
            if configuration.key not in seen:
                seen.add(configuration.key)
                yield configuration
