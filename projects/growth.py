"""How the winner's score grows with rows: learning curve, receipt of a sample, and the fit on all rows."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from projects.beyond_memory.memory import BYTES_A_CELL as MEMORY_A_CELL
from projects.beyond_memory.memory import learning_bytes
from projects.evaluation.metrics import measure_all
from projects.features import read_alike
from projects.learning.compare import answers_of
from projects.learning.quiet import fitting_quietly
from projects.preparation import rows_to_learn
from projects.problem import Problem
from projects.repeats import digests_of
from projects.rows import TableRows
from projects.sampling.curve import Curve, curve_sizes, fit_curve
from projects.sampling.curve import Point as Size
from projects.sampling.draw import draw
from projects.sampling.receipt import Receipt, receipt
from projects.splitting import as_times
from projects.target import read_known

Fit = Callable[[Any, Any], Any]
"""Fits the winner on features and labels or numbers."""
MOST_FOLDS = 3
QUICK_S = 0.5
"""A size that takes no longer is measured even if the time is up: a curve needs several."""
GROWTH_A_SIZE = 2.0
"""How much longer the next size may take, which has twice the rows."""
MOST_BYTES = 1_500_000_000
BYTES_A_CELL = 4
"""A cell is held in the frame, in the matrix and in a library's own form of it."""
LOGGER = logging.getLogger(__name__)


def growth_of(
    fit: Fit,
    problem: Problem,
    table: TableRows,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Receipt:
    """Fit the winner anew on fewer rows: all sizes on one fold, smallest first, then on more folds.

    Args:
        fit: Fits it.
        problem: The rows.
        table: What was drawn of how many.
        seconds: About how long it may take; what would take longer is not begun.
        clock: Seconds, monotonic.
    """
    measuring = _Measuring(fit, problem, clock)
    deadline = clock() + seconds
    # Folds by time grow: the later ones have the rows that a curve needs.
    folds = sorted(problem.rows.folds, key=lambda fold: -len(fold[0]))[:MOST_FOLDS]
    sizes = curve_sizes(min(len(rows) for rows, _ in folds))
    first, spent = _first_fold(measuring, folds[0], sizes, deadline)
    scores = [first]
    for fold in folds[1:]:
        # A fold that is not whole would be compared with others at some of the sizes only.
        if clock() + spent > deadline:
            break
        scores.append([measuring.score(fold, size) for size in sizes[: len(first)]])
    metric = problem.metric
    points = [
        point
        for size, column in zip(sizes, np.transpose(scores), strict=False)
        if np.isfinite((point := _point(size, column)).score)
    ]
    curve = fit_curve(points, seed=problem.asked.seed) if points else Curve((), None, ())
    return receipt(
        table.decision, curve, metric.name,
        is_error=not metric.is_better_higher, is_share=bool(np.isfinite(metric.span[1])),
    )  # fmt: skip


def on_all_rows(fit: Fit, problem: Problem, table: TableRows) -> tuple[Any, int]:
    """Fit the winner on every row of the table that may be learned from; return it and how many.

    Left out are the rows held out, those of their groups where groups split, and those that are not older
    where time splits. A table that would not fit in memory is drawn from, as many rows as do.

    Args:
        fit: Fits it.
        problem: The rows of the sample.
        table: The table.
    """
    name, split = problem.target.name, problem.asked.split
    columns = [column.name for column in problem.features.columns]
    marks = [mark for mark in (split.group_column, split.time_column) if mark]
    most = most_rows(len(columns), learning_bytes(problem.asked.sampling.memory))
    wanted = replace(table.decision, rows=min(table.clean.rows, most))
    names = list(dict.fromkeys([*columns, name, *marks]))
    frame = draw(table.clean.parquet, wanted, target=name, columns=names)
    frame = frame[learnable(problem, table)(frame)]
    truth, at = read_known(frame[name], problem.target)
    X = read_alike(frame[columns].iloc[at], problem.features.columns)
    whole = rows_to_learn(X, problem.features.inputs, problem.asked.cleaning)
    X, truth = X[whole].reset_index(drop=True), truth[whole]
    with fitting_quietly():
        return fit(X, truth), len(X)


def most_rows(columns: int, most_bytes: int) -> int:
    """Return how many rows of so many columns a last fit takes in memory."""
    wide = max(1, columns)
    return min(MOST_BYTES // (8 * BYTES_A_CELL * wide), most_bytes // (MEMORY_A_CELL * wide))


@dataclass(frozen=True)
class _Measuring:
    fit: Fit
    problem: Problem
    clock: Callable[[], float]

    def score(self, fold: tuple[Any, Any], size: int) -> float:
        """Return the score of a model of some of a fold's rows, more is better; NaN where there is none."""
        rows, metric = self.problem.rows, self.problem.metric
        some = np.sort(np.random.default_rng(self.problem.asked.seed).permutation(fold[0])[:size])
        if rows.classes is not None and len(set(rows.y[some].tolist())) < len(rows.classes):
            return float("nan")
        try:
            with fitting_quietly():
                fitted = self.fit(rows.X.iloc[some].reset_index(drop=True), rows.y[some])
                answers = answers_of(fitted, rows.X.iloc[fold[1]], rows.y[fold[1]], rows.classes)
        except Exception as error:  # noqa: BLE001 - a size that cannot be fitted is left out of the curve
            LOGGER.warning("no score for %d rows: %s: %s", size, type(error).__name__, error)
            return float("nan")
        found = measure_all(answers, rows.task).get(metric.name, float("nan"))
        return found if metric.is_better_higher else -found


def _first_fold(
    measuring: _Measuring, fold: tuple[Any, Any], sizes: Sequence[int], deadline: float
) -> tuple[list[float], float]:
    """Measure as many sizes as there is time for; return the scores and the seconds."""
    scores: list[float] = []
    begun = started = measuring.clock()
    for size in sizes:
        scores.append(measuring.score(fold, size))
        now = measuring.clock()
        expected, started = GROWTH_A_SIZE * (now - started), now
        if now + expected > deadline and expected > QUICK_S:
            break
    return scores, started - begun


def _point(size: int, scores: Any) -> Size:
    error = float(np.std(scores, ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else float("nan")
    return Size(size, float(np.mean(scores)), error)


def learnable(problem: Problem, table: TableRows) -> Callable[[pd.DataFrame], Any]:
    """Return what tells the rows of a frame that say nothing of those held out, as a mask.

    Args:
        problem: The rows of the sample.
        table: The table; a frame's index is each row's position in it.
    """
    divided, split = problem.divided, problem.asked.split
    positions = problem.positions[divided.test]
    held = table.frame.loc[positions]
    columns = [column.name for column in problem.features.columns]
    copied = digests_of(held[columns]) if divided.has_whole_copies else None

    def mask(frame: pd.DataFrame) -> Any:
        may = ~frame.index.isin(positions)
        if divided.strategy == "group":
            may &= ~frame[split.group_column].isin(held[split.group_column]).to_numpy()
        if divided.strategy == "time":
            times = as_times(pd.concat([frame[split.time_column], held[split.time_column]]))
            may &= ~(times[: len(frame)] >= np.nanmin(times[len(frame) :]))
        if copied is not None:
            may &= ~np.isin(digests_of(frame[columns]), copied)
        return may

    return mask
