"""How the winner's score grows with rows: learning curve, receipt of a sample, and the fit on all rows."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from projects.evaluation.metrics import measure_all
from projects.learning.compare import answers_of
from projects.learning.quiet import fitting_quietly
from projects.problem import Problem
from projects.rows import TableRows
from projects.sampling.curve import Curve, curve_sizes, fit_curve
from projects.sampling.curve import Point as Size
from projects.sampling.draw import draw
from projects.sampling.receipt import Receipt, receipt
from projects.target import read_target

MOST_FOLDS = 3
FEWEST_A_SIZE = 2
"""Folds at a size, for the standard error."""
MOST_BYTES = 1_500_000_000
BYTES_A_CELL = 4
"""A cell is held in the frame, in the matrix and in a library's own form of it."""


def growth_of(
    pipeline: Any,
    problem: Problem,
    table: TableRows,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Receipt:
    """Fit the winner anew on fewer rows, smallest first, until the time is up.

    Args:
        pipeline: Fitted; it stays as it is.
        problem: The rows.
        table: What was drawn of how many.
        seconds: About how long it may take; a size is begun if the ones before say that it ends in time.
        clock: Seconds, monotonic.
    """
    deadline = clock() + seconds
    sign = 1 if problem.metric.is_better_higher else -1
    folds = problem.rows.folds[:MOST_FOLDS]
    points: list[Size] = []
    for size in curve_sizes(min(len(fit) for fit, _ in folds)):
        started = clock()
        scores: list[float] = []
        for fit, score in folds:
            per_fold = (clock() - started) / len(scores) if scores else 0.0
            if scores and clock() + per_fold > deadline:
                break
            scores.append(sign * _score(pipeline, problem, fit, score, size))
        spread = np.std(scores, ddof=1) / np.sqrt(len(scores)) if len(scores) >= FEWEST_A_SIZE else np.nan
        points.append(Size(size, float(np.mean(scores)), float(spread)))
        if clock() + 2 * (clock() - started) > deadline:
            break
    known = [point for point in points if np.isfinite(point.score)]
    curve = fit_curve(known, seed=problem.asked.seed) if known else Curve((), None, ())
    return receipt(table.decision, curve, problem.metric.name)


def on_all_rows(pipeline: Any, problem: Problem, table: TableRows) -> tuple[Any, int]:
    """Fit the same pipeline on every row of the table but the held-out ones; return it and how many.

    A table that would not fit in memory is drawn from, as many rows as do.

    Args:
        pipeline: Fitted on the sample; it stays as it is.
        problem: The rows of the sample.
        table: The table.
    """
    names = list(problem.features.frame.columns)
    most = MOST_BYTES // (8 * BYTES_A_CELL * max(1, len(names)))
    wanted = replace(table.decision, rows=min(table.clean.rows, most))
    frame = draw(
        table.clean.parquet, wanted, target=problem.target.name, columns=[*names, problem.target.name]
    )
    held = problem.positions[problem.divided.test]
    frame = frame.loc[~frame.index.isin(held)]
    target = read_target(frame, problem.target.name, problem.asked.task)
    X, y = frame[names].iloc[target.rows], target.truth
    if problem.target.classes is not None:
        is_known = np.isin(y, np.asarray(problem.target.classes))
        X, y = X.loc[is_known], y[is_known]
    with fitting_quietly():
        fitted = clone(pipeline).fit(X.reset_index(drop=True), y)
    return fitted, len(X)


def _score(pipeline: Any, problem: Problem, fit: Any, score: Any, size: int) -> float:
    rows = problem.rows
    some = np.sort(np.random.default_rng(problem.asked.seed).permutation(fit)[:size])
    with fitting_quietly():
        try:
            fitted = clone(pipeline).fit(rows.X.iloc[some], rows.y[some])
        except ValueError:
            return float("nan")  # too few rows of a class
        answers = answers_of(fitted, rows.X.iloc[score], rows.y[score], rows.classes)
    return measure_all(answers, rows.task).get(problem.metric.name, float("nan"))
