"""The search: every candidate's defaults, cheap ones first, then better parameters where they pay.

On many rows and a bounded budget each candidate is first looked at on a sample of a fold, which says how good
it is and how long a whole fold will take. Then the defaults go through the folds; fewer folds are used if all
of them would take too long. What is left of the budget goes to the candidates in proportion to their ranks.

How much time a candidate gets is decided by what its kind of fit usually costs, not by the clock, so that a
search that its trials end, and not its seconds, is repeated by its seed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from projects.learning.attempt import Conditions
from projects.learning.bench import Bench, Runner, Threads, Trial
from projects.learning.budget import Budget
from projects.learning.candidates.candidate import Candidate, Parameters
from projects.learning.clauses import Clauses
from projects.learning.configuration import Configuration, starting
from projects.learning.first_look import Looks, take_looks
from projects.learning.log import Log, Unheard
from projects.learning.matrices import Matrices
from projects.learning.proposals import Proposals, grid_search
from projects.learning.pruning import behind_the_median, far_behind
from projects.learning.trial import Tried, never
from projects.requirement.model import TuningMethod

CONFIGURATIONS_WANTED = 20
"""So many of the best so far should fit into the budget; else fewer folds are used."""
PREPARING_WANTED = 4
"""Preparing all folds in all styles may take one part in so many of the budget."""
KEPT_ANSWERS = 60
"""Configurations whose answers are kept for ensembles."""
RESERVED_MEMBERS = 4
"""So many of the best are reckoned with for the last fit."""
RESERVED_TIMES = 1.3
PLAIN = ("logistic", "ridge")
"""Linear models that learn from any matrix in a bounded time, which no clock cuts off half learned."""
FIRST, FIRST_SHARE = 2, 0.5
"""So many may use this share of the seconds left, each."""
SLOWEST_SHARE, FEWEST_SHARE, SHARE_BY_COST = 0.15, 0.06, 0.3
"""Of the budget, at most for one configuration: the third divided by its cost, between the other two."""


@dataclass(frozen=True)
class Asked:
    """What a person asked of the search.

    Attributes:
        candidates: To compare.
        method: How parameters are looked for.
        trials: The most, beside the defaults.
        parallel: At once.
        fixed: Parameters by candidate.
        grid: For grid_search: values by candidate and parameter.
        members: Candidates that a person wants in the ensemble: they go first, and no rival ends them.
        fewest: Candidates that the ensemble needs: before so many are done, no rival ends one.
    """

    candidates: Sequence[Candidate]
    method: TuningMethod = "optuna"
    trials: int = 100
    parallel: int = 1
    fixed: Mapping[str, Parameters] = field(default_factory=dict)
    grid: Mapping[str, Mapping[str, tuple[Any, ...]]] = field(default_factory=dict)
    members: Sequence[str] = ()
    fewest: int = 0


@dataclass
class Search:
    """One search.

    Attributes:
        asked: What for.
        matrices: The folds.
        conditions: What is the same for all.
        budget: The seconds.
        log: Who hears of it.
        known: What an earlier search with the same name found.
        remember: Writes down what may be gone on from; None where no search is named.
        rows_in_all: That the last fit learns from.
        clauses: What a fitted configuration may cost; None for no bounds.
        runner: Who runs the trials.
    """

    asked: Asked
    matrices: Matrices
    conditions: Conditions
    budget: Budget
    log: Log = field(default_factory=Unheard)
    known: Sequence[Tried] = ()
    remember: Callable[[Tried], None] | None = None
    rows_in_all: int = 0
    clauses: Clauses | None = None
    runner: Runner = field(default_factory=Threads)
    tried: list[Tried] = field(default_factory=list, init=False)
    skipped: dict[str, str] = field(default_factory=dict, init=False)
    folds: int = field(default=0, init=False)

    def run(self) -> list[Tried]:
        """Search until the time, the trials or the grid is used up; return what was tried, in order."""
        self.folds = len(self.matrices.rows.folds)
        self.tried = list(self.known)
        self._compare()
        if self.asked.method == "grid_search":
            asked = self.asked
            self._tune(grid_search(asked.candidates, asked.grid, asked.fixed, self.tried), np.inf)
        elif self.asked.method != "none" and self.complete:
            self._tune(self._proposals(), self.asked.trials)
        return self.tried

    def gain(self, tried: Tried) -> float:
        """Return how good a configuration is over the folds that are in use; more is better."""
        value = self.conditions.gain(tried.mean(self.folds))
        return value if np.isfinite(value) else -np.inf

    def refit_seconds(self, members: Sequence[Tried]) -> float:
        """Return about how long a fit of these on all rows takes."""
        styles = {each.configuration.candidate.style for each in members}
        total = sum(self.matrices.seconds_a_row.get(style, 0.0) * self.rows_in_all for style in styles)
        for each in members:
            most = each.configuration.candidate.most_rows or self.rows_in_all
            total += each.fit_seconds * max(1.0, min(most, self.rows_in_all) / max(1, each.rows))
        return total

    @property
    def complete(self) -> list[Tried]:
        """Those that went through all folds in use, best first."""
        done = [each for each in self.tried if each.is_complete and len(each.scores) >= self.folds]
        return sorted(done, key=self.gain, reverse=True)

    @property
    def best_of_each(self) -> list[Tried]:
        """The best complete one of each candidate, best first."""
        best: dict[str, Tried] = {}
        for each in self.complete:
            best.setdefault(each.name, each)
        return list(best.values())

    def _compare(self) -> None:
        starts = [
            starting(candidate, self.asked.fixed.get(candidate.name, {}))
            for candidate in sorted(self.asked.candidates, key=lambda candidate: candidate.cost)
        ]
        done = {each.configuration.key for each in self.tried}
        starts = self._plain_first([start for start in starts if start.key not in done])
        looks = take_looks(starts, self.matrices, self.conditions, self.budget)
        rows = len(self.matrices.rows.folds[0][0])
        starts = looks.best_first(starts)
        if looks.seen:
            self._pace(looks.seconds_a_fold(starts[0], rows))
        starts = sorted(starts, key=lambda start: start.candidate.name not in self.asked.members)
        if looks.is_slow or not looks.seen:
            starts = self._plain_first(starts)
        self._pace_preparing(starts, looks)
        for batch in self._batches(starts):
            ready = [start for start in batch if self._is_worth_while(start, looks)]
            for tried in self._run_all(ready):
                self.log.candidate(tried)
                if self.complete and tried is self.complete[0]:
                    self._pace(tried.fold_seconds)

    def _plain_first(self, starts: list[Configuration]) -> list[Configuration]:
        """Put a plain linear model first where the time is bounded: whatever the clock does, it is done."""
        plain = next((start for start in starts if start.candidate.name in PLAIN), None)
        if plain is None or not np.isfinite(self.budget.seconds):
            return starts
        return [plain, *(start for start in starts if start is not plain)]

    def _batches(self, starts: list[Configuration]) -> Iterator[list[Configuration]]:
        """Those that run at once; a plain model that goes first has the machine to itself."""
        is_alone = bool(starts) and starts[0].candidate.name in PLAIN and np.isfinite(self.budget.seconds)
        first = 1 if is_alone else 0
        yield starts[:first]
        for at in range(first, len(starts), self._workers):
            yield starts[at : at + self._workers]

    def _is_worth_while(self, start: Configuration, looks: Looks) -> bool:
        name = start.candidate.name
        left = max(self.budget.left, 0.0) if any(each.scores for each in self.tried) else np.inf
        reason = looks.failed.get(name)
        if name in self.asked.members or (looks.is_slow and name in PLAIN and not self.complete):
            left = np.inf
        elif reason is None and (looks.seen or self.complete):
            reason = looks.why_not(start, self.matrices, self.conditions, guess=self.guess, left=left)
        if reason is None and not max(self.budget.left, 0.0) and left < np.inf:
            reason = "the time was up"
        if reason is not None:
            self.skipped[name] = reason
        return reason is None

    @property
    def guess(self) -> float:
        """The gain of the same answer for every row."""
        y, y_score = (self.matrices.codes[at] for at in self.matrices.rows.folds[0])
        if not self.conditions.classes:
            answers: Any = np.full(len(y_score), y.mean())
        else:
            shares = np.bincount(y, minlength=self.conditions.classes) / len(y)
            answers = np.tile(shares, (len(y_score), 1))
        return self.conditions.gain(self.conditions.score(answers, y_score))

    def _pace(self, seconds_a_fold: float) -> None:
        """Use fewer folds where all of them would take too much of the budget."""
        affordable = self.budget.seconds / CONFIGURATIONS_WANTED / max(seconds_a_fold, 1e-9)
        if np.isfinite(affordable):
            self.folds = max(1, min(self.folds, int(affordable)))

    def _pace_preparing(self, starts: Sequence[Configuration], looks: Looks) -> None:
        """Use fewer folds where preparing all of them in each style would take too much of the budget."""
        if not starts or not np.isfinite(self.budget.seconds) or self.folds < 2:
            return
        styles = {start.candidate.style for start in starts}
        if looks.seen:
            rows = len(self.matrices.rows.folds[0][0])
            a_fold = looks.preparing_seconds(rows) * len(styles)
        else:
            style = starts[0].candidate.style
            self.matrices.fold(style, 0)  # imports what preparing needs, which is no part of its time
            started = self.conditions.clock()
            self.matrices.fold(style, 1)
            a_fold = (self.conditions.clock() - started) * len(styles)
        self._pace(a_fold * PREPARING_WANTED / CONFIGURATIONS_WANTED)

    def _proposals(self) -> Proposals:
        def gain(tried: Tried) -> float | None:
            value = self.conditions.gain(tried.mean(self.folds)) if tried.scores else np.nan
            return value if np.isfinite(value) else None

        return Proposals(
            self.conditions, self.asked.fixed, self.asked.method == "random_search", len(self.known),
            ranked=lambda: self.best_of_each, gain=gain, tried=lambda: self.tried,
        )  # fmt: skip

    def _tune(self, source: Proposals | Iterator[Configuration], most: float) -> None:
        configurations = iter(source)
        done = sum(each.configuration.origin != "default" for each in self.tried)
        while done < most and self.budget.left > 0:
            batch: list[Configuration] = []
            while len(batch) < min(self._workers, most - done):
                configuration = next(configurations, None)
                if configuration is None:
                    break
                batch.append(configuration)
            if not batch:
                return
            for tried in self._run_all(batch):
                self.log.trial(tried)
                if isinstance(source, Proposals):
                    source.tell(tried)
            done += len(batch)

    @property
    def _workers(self) -> int:
        return max(1, self.asked.parallel)

    def _run_all(self, batch: Sequence[Configuration]) -> list[Tried]:
        first = len(self.tried) + 1
        trials = [self._trial(number, each) for number, each in enumerate(batch, start=first)]
        bench = Bench(self.matrices, self.conditions, self.clauses)
        found = self.runner.run(bench, trials, self.log)
        for tried in (self._as_far_as_it_came(each) for each in found):
            self.tried.append(tried)
            if tried.scores and self.remember is not None:
                self.remember(tried)
            if not tried.scores and tried.configuration.origin == "default":
                self.skipped[tried.name] = tried.reason
        self._forget()
        self.budget.reserve = RESERVED_TIMES * self.refit_seconds(self.complete[:RESERVED_MEMBERS])
        return self.tried[len(self.tried) - len(found) :]

    def _as_far_as_it_came(self, tried: Tried) -> Tried:
        """Count defaults that were late as complete if they are the first: their folds are those in use.

        So are those of a member that a person named. What the clock cut off in its first fit stays late.
        """
        is_needed = tried.name in self.asked.members and tried.configuration.origin == "default"
        if tried.state != "late" or not tried.scores or tried.is_cut or (self.complete and not is_needed):
            return tried
        self.folds = min(self.folds, len(tried.scores))
        return replace(tried, state="complete", reason="")

    def _trial(self, number: int, configuration: Configuration) -> Trial:
        name = configuration.candidate.name
        is_start = configuration.origin == "default"
        # What a trial is held against goes along with it, perhaps to another machine: scores alone.
        others = [each.scores_alone for each in self.complete]
        mine = [each.scores_alone for each in self.tried if each.name == name]
        decide = behind_the_median(mine, self.conditions, folds=self.folds)
        is_needed = name in self.asked.members or len(self.best_of_each) < self.asked.fewest
        if is_start and is_needed:
            decide = never
        elif is_start:
            guess = self.guess
            decide = far_behind(configuration, others, self.conditions, folds=self.folds, guess=lambda: guess)
        return Trial(number, configuration, self.folds, decide, self._deadline(configuration), is_start)

    def _deadline(self, configuration: Configuration) -> float:
        """When a configuration must end: the first may take longer than others, dear ones less.

        Members that a person named share what is left.
        """
        begun = {each.name for each in self.tried}
        waiting = [name for name in self.asked.members if name not in begun]
        if configuration.origin == "default" and configuration.candidate.name in waiting:
            return self.conditions.clock() + max(self.budget.left, 0.0) / len(waiting)
        if len(self.tried) < FIRST and np.isfinite(self.budget.seconds):
            return self.conditions.clock() + FIRST_SHARE * max(self.budget.left, 0.0)
        share = min(SLOWEST_SHARE, max(FEWEST_SHARE, SHARE_BY_COST / configuration.candidate.cost))
        return min(self.budget.deadline, self.conditions.clock() + share * self.budget.seconds)

    def _forget(self) -> None:
        """Let the answers go that no ensemble will want."""
        ranked = self.complete
        if len(ranked) <= KEPT_ANSWERS:
            return
        kept = {each.number for each in ranked[:KEPT_ANSWERS]}
        kept |= {each.number for each in self.best_of_each}
        self.tried = [
            each if each.number in kept or not each.answers else replace(each, answers=())
            for each in self.tried
        ]
