"""The contest: search, put the best together, fit it on all rows, and only then look at the held-out rows."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from projects.counted import counted
from projects.errors import BadInput
from projects.evaluation.metrics import Metric, measure_all
from projects.hints import did_you_mean
from projects.learning.attempt import Conditions
from projects.learning.bench import Runner, Threads
from projects.learning.budget import Budget
from projects.learning.candidates.candidate import Candidate
from projects.learning.candidates.listing import Chosen
from projects.learning.clauses import Clauses
from projects.learning.compare import Rows, answers_of
from projects.learning.costs import measure_costs, unmet
from projects.learning.entries import OF_MEMBERS, Entries, Entry
from projects.learning.final import Fitter, Fitting, fit_here
from projects.learning.journal import Journal, digest_of
from projects.learning.log import Log, Told, Unheard
from projects.learning.matrices import Matrices, Prepare, codes_of
from projects.learning.quiet import fitting_quietly
from projects.learning.ranking import winner_of
from projects.learning.search import Asked, Search
from projects.learning.trial import Tried
from projects.learning.winner import Winner
from projects.progress import Progress
from projects.requirement.model import Ensembles, Tuning
from serving.plan.model import Column

MOST_THREADS = 4
STEPS = 3
"""Of the progress: searching, putting together, fitting and scoring."""


@dataclass(frozen=True)
class Ground:
    """What the contest is held on.

    Attributes:
        rows: To compare candidates on.
        X: All rows to learn from.
        y: Their truth.
        X_held: Rows held out.
        y_held: Their truth.
        columns: The inputs.
        prepare: Makes the steps before the model, for a style.
        has_read_texts: Whether the texts of all folds were read before, so that preparing them is cheap.
    """

    rows: Rows
    X: pd.DataFrame
    y: Any
    X_held: pd.DataFrame
    y_held: Any
    columns: tuple[Column, ...]
    prepare: Prepare
    has_read_texts: bool = False


@dataclass(frozen=True)
class Contest:
    """One contest.

    Attributes:
        ground: What it is held on.
        chosen: The candidates, and why others are left out.
        metric: What is compared by.
        tuning: How the time is spent.
        ensembles: What may be made of the best.
        fixed: Parameters that a person fixed, by candidate.
        seed: For everything random.
        bounds: The most that `p99_ms`, `size_mb` and `train_minutes` may be.
        progress: Where a person watches; the contest makes `STEPS` steps.
        log: Where candidates, trials and losses are written down.
        storage: The folder of searches that can be gone on with; needed where `tuning.resume` names one.
        runner: Who runs the trials.
        at_once: How many trials run at once; None for what `tuning.parallel` says.
        fitter: Who fits a model on the matrix of all rows.
        clock: Seconds, monotonic.
    """

    ground: Ground
    chosen: Chosen
    metric: Metric
    tuning: Tuning
    ensembles: Ensembles
    progress: Progress
    fixed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seed: int = 7
    bounds: Mapping[str, float] = field(default_factory=dict)
    log: Log = field(default_factory=Unheard)
    storage: Path | None = None
    runner: Runner = field(default_factory=Threads)
    at_once: int | None = None
    fitter: Fitter = fit_here
    clock: Callable[[], float] = time.monotonic

    def run(self) -> Winner:
        """Search, put together, fit, score.

        Raises:
            BadInput: No candidate could be fitted, a parameter is none of its candidate's, or a resumed
                search was over other rows.
        """
        from threadpoolctl import threadpool_limits

        conditions = self._conditions()
        check_parameters(self.chosen.candidates, self.fixed, conditions)
        check_members(self._members, self.chosen)
        with fitting_quietly(), threadpool_limits(limits=conditions.threads, user_api="blas"):
            clauses = self._clauses()
            search = self._search(conditions, clauses)
            notices = self._searched(search)
            entry, entries = self._put_together(search, clauses, notices)
            return self._fitted(search, entry, entries, notices)

    def _conditions(self) -> Conditions:
        rows, tuning = self.ground.rows, self.tuning
        threads = 1 if self._parallel > 1 else min(MOST_THREADS, len(os.sched_getaffinity(0)))
        patience = tuning.patience if tuning.early_stopping else None
        classes = len(rows.classes or ())
        is_alone = len(self.chosen.candidates) == 1
        return Conditions(
            rows.task, classes, self.metric, self.seed, threads, patience, self.clock, tells=is_alone
        )

    @property
    def _parallel(self) -> int:
        if self.at_once is not None:
            return self.at_once
        return self.tuning.parallel or len(os.sched_getaffinity(0))

    @property
    def _members(self) -> tuple[str, ...]:
        return tuple(self.ensembles.members) if self.ensembles.method in OF_MEMBERS else ()

    def _clauses(self) -> Clauses:
        ground = self.ground
        return Clauses(self.bounds, ground.columns, ground.rows.X, ground.rows.task, len(ground.X))

    def _search(self, conditions: Conditions, clauses: Clauses) -> Search:
        rows = self.ground.rows
        codes = codes_of(rows.y, rows.classes)
        deviation = 0.0 if rows.classes else float(np.std(codes))
        candidates = [candidate.scaled_to(deviation) for candidate in self.chosen.candidates]
        journal = self._journal()
        asked = Asked(
            candidates, self.tuning.method, self.tuning.trials, self._parallel, self.fixed, self.tuning.grid,
            self._members, OF_MEMBERS.get(self.ensembles.method, 0),
        )  # fmt: skip
        seconds = self.tuning.seconds if self.tuning.method != "none" and self.tuning.seconds else np.inf
        if not self.tuning.seconds:
            asked = replace(asked, method="none")
        is_cheap = self.ground.has_read_texts
        matrices = Matrices(rows, codes, self.ground.prepare, are_cheap=is_cheap, clock=self.clock)
        return Search(
            asked, matrices, conditions, Budget(seconds, self.clock),
            log=Told(self.log, self.progress, self.metric),
            known=journal.read(candidates) if journal else (),
            remember=journal.write if journal else None,
            clauses=clauses, runner=self.runner,
            rows_in_all=len(self.ground.X),
        )  # fmt: skip

    def _journal(self) -> Journal | None:
        if not self.tuning.resume:
            return None
        if self.storage is None:
            raise ValueError("a search that can be gone on with needs a folder")
        name = self.tuning.resume
        if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name.startswith("."):
            raise BadInput(f"tuning.resume must be a name of letters, digits, '-', '_' and '.', not '{name}'")
        return Journal(self.storage / name, digest_of(self.ground.rows, self.metric.name, self.seed))

    def _searched(self, search: Search) -> list[str]:
        count, seconds = len(search.asked.candidates), search.budget.seconds
        bound = f" (at most {seconds:g} s)" if np.isfinite(seconds) else ""
        tunes = " and tuning the best" if search.asked.method != "none" else ""
        with self.progress.step(f"comparing {counted(count, 'candidate')}{tunes}{bound}") as step:
            search.run()
            notices = _made_do(search)
            best = search.complete[0]
            found = f"{self.metric.name} {best.mean(search.folds):.4f}"
            tried, folds = counted(len(search.tried), "configuration"), counted(search.folds, "fold")
            step.result = f"{best.name} {found} of {tried}, {folds}"
        for name, reason in {**self.chosen.left_out, **search.skipped}.items():
            self.progress.note(f"{name} is skipped: {reason}")
        return notices

    def _put_together(self, search: Search, clauses: Clauses, notices: list[str]) -> tuple[Entry, Entries]:
        def may_join(members: Sequence[Tried]) -> bool:
            seconds = search.refit_seconds(members)
            left = search.budget.seconds - search.budget.spent
            return clauses.may_join(members) and (len(members) == 1 or seconds <= max(left, 0.0))

        entries = Entries(search, may_join, self.chosen.left_out, notices.append)
        best = entries.single(search.complete[0])
        with self.progress.step("putting the best together") as step:
            made = entries.asked_for(self.ensembles)
            if made is None:
                step.result = f"{best.name} stays alone"
                return best, entries
            alone, together = (float(np.nanmean(each.scores)) for each in (best, made))
            step.result = (
                f"{self.metric.name} {alone:.4f} alone, {together:.4f} as {made.name} of {_listed(made)}"
            )
            pays = search.conditions.gain(together) > search.conditions.gain(alone)
            return (made if pays or self.ensembles.method != "auto" else best), entries

    def _fitted(self, search: Search, entry: Entry, entries: Entries, notices: list[str]) -> Winner:
        ground, task = self.ground, self.ground.rows.task
        fitting = Fitting(
            ground.X,
            ground.y,
            ground.rows.classes,
            ground.prepare,
            search.conditions,
            notices.append,
            self.fitter,
        )
        search.matrices.clear()
        with self.progress.step(
            f"fitting {entry.name} on {counted(len(ground.X), 'row')}, scoring the held-out ones"
        ) as step:
            while True:
                started = self.clock()
                pipeline = entry.fit(fitting)
                fit_s = self.clock() - started
                costs = measure_costs(pipeline, ground.columns, ground.X_held, task, fit_s=fit_s)
                smaller = entries.without_the_lightest(entry) if unmet(costs, self.bounds) else None
                if smaller is None:
                    break
                entry = smaller
            answers = answers_of(pipeline, ground.X_held, ground.y_held, ground.rows.classes)
            scores = measure_all(answers, task)
            score = scores.get(self.metric.name, float("nan"))
            step.result = f"{self.metric.name} {score:.4f} before anything is adjusted"
        for notice in notices:
            self.progress.note(notice)
        again = replace(fitting, say=lambda _sentence: None)
        return winner_of(
            search, entry, self.chosen,
            pipeline=pipeline, fit=lambda X, y: entry.fit(replace(again, X=X, y=y)), answers=answers,
            scores=scores, costs=costs, notices=tuple(notices),
        )  # fmt: skip


def check_parameters(
    candidates: Sequence[Candidate], fixed: Mapping[str, Mapping[str, Any]], conditions: Conditions
) -> None:
    """Refuse parameters that a candidate does not have.

    Raises:
        BadInput: Which, with the nearest.
    """
    for candidate in candidates:
        given = fixed.get(candidate.name, {})
        if not given:
            continue
        model = candidate.make(conditions.making(0), candidate.defaults)
        known = {name.removeprefix("estimator__") for name in model.get_params()}
        known |= set(candidate.defaults) | set(candidate.spans) | set(candidate.grid)
        for name in given:
            if name not in known:
                raise BadInput(
                    f"{candidate.name} has no parameter '{name}'; {did_you_mean(name, sorted(known))}"
                )


def check_members(members: Sequence[str], chosen: Chosen) -> None:
    """Refuse members of an ensemble that are not among the candidates.

    Raises:
        BadInput: Which, with the nearest.
    """
    known = [*(candidate.name for candidate in chosen.candidates), *chosen.left_out]
    for name in members:
        if name not in known:
            raise BadInput(
                f"'{name}' cannot be a member of the ensemble: it is none of the candidates;"
                f" {did_you_mean(name, known)}"
            )


def _made_do(search: Search) -> list[str]:
    """Where nothing went through all folds, count what went through one; say so.

    Raises:
        BadInput: Nothing did.
    """
    if search.complete:
        return []
    some = [replace(each, state="complete") for each in search.tried if each.scores]
    if not some:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in search.skipped.items())
        raise BadInput(f"no candidate could be fitted on these rows: {reasons}")
    some = [each for each in some if not each.is_cut] or some
    search.tried, search.folds = some, 1
    reasons = "; ".join(dict.fromkeys(f"{each.name}: {each.reason}" for each in some if each.reason))
    return [f"no candidate went through all folds, so those that went through one are compared ({reasons})"]


def _listed(entry: Entry) -> str:
    pairs = zip(entry.members, entry.weights, strict=True)
    return ", ".join(f"{weight:.0%} {each.name}" for each, weight in pairs)
