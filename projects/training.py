"""One training from end to end, as a story; every step's own work is in its module."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np

from projects.article_choice import with_articles
from projects.beyond_memory.choice import fit_on_all, with_streaming_candidates
from projects.compute.cluster import cluster
from projects.contests import hold_contest
from projects.counted import counted
from projects.course import course_of
from projects.delivery import Outcome, Trained, finish, left, log_version, publish_version
from projects.errors import BadInput
from projects.evaluation.adjusting import Adjusted, adjust
from projects.evaluation.course import Point
from projects.evaluation.evaluate import SECONDS, evaluate
from projects.evaluation.gate import judge
from projects.evaluation.recommendation import recommend
from projects.evaluation.subject import Subject
from projects.evaluation.suspicion import repeats
from projects.feature_store.store import resolve
from projects.growth import growth_of
from projects.learning.contest import STEPS
from projects.learning.costs import measure_costs
from projects.learning.winner import Winner
from projects.problem import Problem, read_problem
from projects.progress import Progress
from projects.quality.report import write_report
from projects.read_text import ARTEFACT
from projects.requirement.model import Requirement
from projects.requirement.project_folder import make_folder, project_folder
from projects.requirement.shown import as_json
from projects.requirement.this_machine import this_machine
from projects.requirement.user_tasks import tasks_markdown, user_tasks
from projects.rows import TableRows, read_rows, told_place
from projects.sampling.receipt import Receipt
from projects.shell import connect
from projects.steps.placed import log_files, log_outcome, workspace
from projects.story import STORY, story_of
from projects.tracking import Tracker, log_table, started_run
from serving.settings import Settings

if TYPE_CHECKING:
    from distributed import Client

STEPS_BESIDE_CONTEST = 5
"""Reading, preparing, growth, evaluating and registering."""
GROWTH_SHARE = 0.3
LEAST_EVALUATION_S = 2.0
LEAST_GROWTH_S, LEAST_GROWTH_OF_SAMPLE_S, LONGEST_GROWTH_S = 1.0, 5.0, 60.0
"""The learning curve may take a share of the search's seconds, between these."""
REQUIREMENT = "requirement.json"
"""Among the run's artefacts: what was asked, with everything decided."""
MOST_LOGGED_BYTES = 256_000_000
"""Larger tables of clean rows are kept in the var folder instead of among the run's artefacts."""


def train(
    asked: Requirement,
    settings: Settings,
    given: Mapping[str, str],
    progress: Progress,
    *,
    is_registered: bool = True,
) -> Trained:
    """Train, register and, if the gate passes, move.

    Args:
        asked: What a person asked for.
        settings: Where things are.
        given: The parameters as they were typed, for the run.
        progress: Where a person watches.
        is_registered: Whether a version is made of the model; else it stays with its run, ready for one.

    Raises:
        BadInput: The data or the requirement cannot be used, or MLflow does not answer.
        LifecycleError: The version is registered, but could not be moved.
    """
    warm_up()
    connect(settings.tracking_uri)
    progress.total = STEPS_BESIDE_CONTEST + STEPS
    named = asked.name or asked.project_name or told_place(asked.data_source)
    with (
        started_run(f"train {named}") as tracker,
        workspace(settings, "training") as folder,
        cluster(asked.compute, progress.note, folder=folder) as client,
    ):
        table = read_table(asked, folder, tracker, progress, client=client)
        _list_tasks(table, settings, progress)
        outcome = learn(table, Way(tracker, settings, given, client=client), progress)
        if not is_registered:
            return _left(outcome, tracker, progress)
        with progress.step("logging and registering") as step:
            version, plan = publish_version(outcome, tracker)
            step.result = f"{outcome.problem.name} version {version}, scoring plan: {plan}"
        trained = finish(outcome, version, tracker, settings)
        log_outcome(story_of(outcome, trained), STORY)
        return trained


def _left(outcome: Outcome, tracker: Tracker, progress: Progress) -> Trained:
    """Leave the model with its run, and beside it what its version is to bear."""
    with progress.step("logging") as step:
        logged = log_version(outcome, tracker)
        step.result = f"not registered, scoring plan: {logged.plan}"
    trained = left(outcome, tracker)
    log_outcome(story_of(outcome, trained, logged), STORY)
    return trained


@dataclass(frozen=True)
class Way:
    """How rows are learned from.

    Attributes:
        tracker: The run.
        settings: Where things are.
        given: The parameters as they were typed, for the run.
        held: Which rows to hold out, by the index of the table's frame; None for what the requirement says.
        kept: What the run keeps as its requirement; None for the one that everything is decided in.
        client: Of the cluster that does the work; None for this machine.
    """

    tracker: Tracker
    settings: Settings
    given: Mapping[str, str]
    held: Any = None
    kept: Requirement | None = None
    client: "Client | None" = None


def learn(table: TableRows, way: Way, progress: Progress) -> Outcome:
    """Search, fit and evaluate; nothing is registered.

    Raises:
        BadInput: The rows cannot be learned from.
    """
    problem = _prepared(table, way, progress)
    winner = hold_contest(problem, way.tracker, way.settings, progress, way.client)
    return _judged(_grown(problem, table, winner, way.settings, progress), progress)


@dataclass(frozen=True)
class _Fitted:
    """All that is known once the model is fitted."""

    problem: Problem
    table: TableRows
    winner: Winner
    receipt: Receipt
    learned_rows: int


def _import_boosters() -> None:
    import lightgbm
    import optuna
    import xgboost

    del lightgbm, optuna, xgboost


def warm_up() -> None:
    """Import the libraries that fit, which take seconds, while something else is waited for."""
    threading.Thread(target=_import_boosters, daemon=True).start()


def read_table(
    asked: Requirement,
    folder: Path,
    tracker: Tracker,
    progress: Progress,
    *,
    kind: str = "training",
    client: Any = None,
) -> TableRows:
    """Read the rows that a requirement names, and keep them with the run.

    Args:
        asked: The requirement.
        folder: An empty folder of this run's own.
        tracker: The run.
        progress: Where a person watches.
        kind: What the run is.
        client: Of a cluster that shares the work; None for this machine.

    Raises:
        BadInput: They cannot be used.
    """
    with progress.step(f"reading {told_place(asked.data_source)}") as step:
        table = read_rows(asked, folder, progress.note, client=client)
        clean = table.clean
        write_report(clean.folder, target=table.asked.target, title=clean.name)
        step.result = f"{counted(clean.rows, 'clean row')} of {counted(len(clean.columns), 'column')}"
    for name in log_files(clean.folder, most_bytes=MOST_LOGGED_BYTES):
        progress.note(f"{name} is too large to be kept with the run; `-e ingest` keeps it in a folder")
    tracker.tags({"penstock.kind": kind, "penstock.data_sha256": clean.sha256})
    return table


def _list_tasks(table: TableRows, settings: Settings, progress: Progress) -> None:
    """Write down what only a person can do, with the run and in the project's folder if there is one."""
    asked = table.original
    names = [column.name for column in table.clean.columns]
    tasks = user_tasks(table.asked, this_machine(settings), names)
    text = tasks_markdown(tasks, asked.project_name)
    mlflow.log_text(text, "to_user_tasks.md")
    if asked.user and asked.project_name:
        folder = project_folder(settings.projects_dir, asked.user, asked.project_name)
        if not folder.requirement.exists():
            make_folder(folder, as_json(asked), text)
        folder.tasks.write_text(text, encoding="utf-8")
    if tasks:
        progress.note(f"{counted(len(tasks), 'thing', 'is')} left to a person: see to_user_tasks.md")


def _prepared(table: TableRows, way: Way, progress: Progress) -> Problem:
    tracker = way.tracker
    with progress.step("looking for leaks, splitting") as step:
        problem = read_problem(table, resolve(tracker.client, table.asked.features.store), way.held)
        used, there = len(problem.features.columns), len(table.clean.columns) - 1
        held = counted(len(problem.divided.test), "row")
        step.result = f"{used} of {counted(there, 'column')} to learn from, {held} held out"
    for sentence in (*problem.suspicions, *problem.notices):
        progress.note(sentence)
    how = problem.divided.strategy
    held = counted(len(problem.divided.test), "row", "is")
    progress.note(f"{held} held out ({how}, seed {problem.asked.seed}), untouched until the end")
    tracker.parameters(
        {
            **way.given,
            "model_name": problem.name,
            "target": problem.target.name,
            "task_found": problem.target.task,
            "compared_by": problem.metric.name,
            "rows": table.clean.rows,
            "rows_to_learn": len(problem.learned),
            "rows_held_out": len(problem.divided.test),
            "features": used,
        }
    )
    for sentence in tracker.told_too_much():
        progress.note(sentence)
    problem = with_streaming_candidates(with_articles(problem, progress), table, progress.note)
    if problem.texts:
        mlflow.log_dict({"articles": [text.as_json for text in problem.texts]}, ARTEFACT)
        tracker.parameters({"text_configuration": ", ".join(text.name for text in problem.texts)})
    asked = way.kept or problem.asked
    mlflow.log_text(as_json(asked), REQUIREMENT)
    rows = problem.features.frame.copy(deep=False)
    rows[problem.target.name] = problem.target.truth
    log_table(rows, table.clean.place, table.clean.name, problem.target.name, table.clean.sha256)
    return problem


def _grown(
    problem: Problem, table: TableRows, winner: Winner, settings: Settings, progress: Progress
) -> _Fitted:
    least = LEAST_GROWTH_OF_SAMPLE_S if table.decision.is_sample else LEAST_GROWTH_S
    seconds = min(LONGEST_GROWTH_S, max(least, GROWTH_SHARE * problem.asked.tuning.seconds))
    with progress.step(f"seeing how the score grows with rows (about {seconds:.0f} s at most)") as step:
        receipt = growth_of(winner.fit, problem, table, seconds=seconds)
        step.result = f"measured at {counted(len(receipt.curve.points), 'size')}"
        for line in receipt.lines():
            progress.note(line)
        rows = len(problem.learned)
        there = {column.name for column in table.clean.columns}
        if not there >= {column.name for column in problem.features.columns}:
            progress.note("a model of windows stays with the rows that its windows were made of")
        elif receipt.refit:
            winner, rows = _refitted(problem, table, winner, settings, progress)
    mlflow.log_text(json.dumps(receipt.as_dict(), indent=1), "sampling_receipt.json")
    return _Fitted(problem, table, winner, receipt, rows)


def _refitted(
    problem: Problem, table: TableRows, winner: Winner, settings: Settings, progress: Progress
) -> tuple[Winner, int]:
    """Fit the winner on all rows, and measure anew what it costs; it stays as it was if that fails."""
    started = time.monotonic()
    try:
        model, rows = fit_on_all(winner, problem, table, settings.var_dir, progress.note)
    except (BadInput, MemoryError) as error:
        why = str(error) or "they take more memory than there is"
        progress.note(f"it could not be fitted on all rows, so the one of the sample stays: {why}")
        return winner, len(problem.learned)
    fit_s = time.monotonic() - started
    progress.note(f"fitted on {counted(rows, 'row')} of {table.clean.rows:,}, without those held out")
    held = problem.features.frame.iloc[problem.divided.test]
    costs = measure_costs(model, problem.features.columns, held, problem.target.task, fit_s=fit_s)
    return replace(winner, pipeline=model, costs=costs), rows


def _judged(fitted: _Fitted, progress: Progress) -> Outcome:
    problem, winner = fitted.problem, fitted.winner
    with progress.step("evaluating on the held-out rows") as step:
        adjusted = adjust(
            winner.pipeline, problem.features.frame.iloc[problem.learned[:1000]], winner.out_of_fold.answers,
            asked=problem.asked.evaluation, metric=problem.metric, gate=problem.gate, seed=problem.asked.seed,
        )  # fmt: skip
        course = course_of(winner, problem, learning=_points(fitted.receipt))
        report = evaluate(
            _subject(fitted, adjusted), asked=problem.asked.evaluation, metric=problem.metric,
            threshold=adjusted.threshold, course=course, seed=problem.asked.seed,
            seconds=min(SECONDS, max(LEAST_EVALUATION_S, problem.asked.tuning.seconds)),
        )  # fmt: skip
        step.result = ", ".join(
            f"{name} {value:.4f}" for name, value in report.metrics.items() if name == problem.metric.name
        )
    for line in (*adjusted.sentences, *report.lines):
        progress.note(line)
    decision = judge(problem.gate, {**report.metrics, **winner.costs})
    told = recommend(
        report, course, costs=winner.costs, data=fitted.receipt.lines()[1:],
        notes=(*problem.suspicions, *_copies(problem), *winner.notices),
    )  # fmt: skip
    return Outcome(
        problem, fitted.table, winner, adjusted, report, course, told, decision, fitted.learned_rows
    )


def _copies(problem: Problem) -> tuple[str, ...]:
    said = repeats(problem.features.frame, problem.target.truth, problem.learned, problem.divided.test)
    return (said,) if said else ()


def _points(receipt: Receipt) -> list[Point]:
    return [
        Point(point.rows, point.score, point.error if np.isfinite(point.error) else 0.0)
        for point in receipt.points
    ]


def _subject(fitted: _Fitted, adjusted: Adjusted) -> Subject:
    problem, held = fitted.problem, fitted.problem.divided.test
    return Subject(
        model=adjusted.model,
        task=problem.target.task,
        classes=problem.target.classes,
        X=problem.features.frame.iloc[held].reset_index(drop=True),
        truth=problem.target.truth[held],
        name=fitted.winner.name,
        target=problem.target.name,
        out_of_fold=fitted.winner.out_of_fold.answers,
        beside=problem.beside.iloc[held].reset_index(drop=True),
    )
