"""Cross-validation on the rows to learn from: the same folds for every candidate and every trial."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline

from projects.evaluation.metrics import Answers, measure_all
from projects.learning.pipelines import fitting_quietly
from serving.plan.model import Task


@dataclass(frozen=True)
class Rows:
    """The rows that candidates are compared on, and how they fold.

    Attributes:
        X: Features.
        y: Labels or numbers.
        folds: Pairs of positions: to fit on, to score on.
        task: The task.
        classes: The labels, sorted; None for a regression.
    """

    X: pd.DataFrame
    y: Any
    folds: tuple[tuple[Any, Any], ...]
    task: Task
    classes: tuple[Any, ...] | None


@dataclass(frozen=True)
class Validation:
    """What cross-validation found: mean and standard deviation over the folds for each metric."""

    means: dict[str, float]
    deviations: dict[str, float]
    seconds: float


def rows_to_compare(
    X: pd.DataFrame,
    y: Any,
    task: Task,
    classes: tuple[Any, ...] | None,
    *,
    folds: int,
    most_rows: int,
    seed: int,
) -> Rows:
    """Fold at most `most_rows` rows, by class where there are classes."""
    most_rows = max(most_rows, folds * len(classes or ()))
    if len(X) > most_rows:
        at = _sample(y, classes, rows=most_rows, fewest=folds, seed=seed)
        X, y = X.iloc[at].reset_index(drop=True), y[at]
    # A fold needs a row of each class, or two numbers: there is no score of less.
    most = min(int((y == label).sum()) for label in classes) if classes else len(y) // 2
    count = max(2, min(folds, most))
    kind = StratifiedKFold if classes else KFold
    splitter = kind(count, shuffle=True, random_state=seed)
    return Rows(X, y, tuple(splitter.split(X, y)), task, classes)


def validate(
    pipeline: Pipeline,
    rows: Rows,
    *,
    clock: Callable[[], float] = time.monotonic,
    after_fold: Callable[[int, dict[str, float]], None] = lambda _fold, _scores: None,
) -> Validation:
    """Fit and score once a fold.

    Args:
        pipeline: Unfitted; it stays so.
        rows: What to fold.
        clock: Seconds, monotonic.
        after_fold: Called with the fold's number and its scores; may raise to stop.
    """
    started, found = clock(), []
    for number, (fit_at, score_at) in enumerate(rows.folds):
        with fitting_quietly():
            fitted = clone(pipeline).fit(rows.X.iloc[fit_at], rows.y[fit_at])
            answers = answers_of(fitted, rows.X.iloc[score_at], rows.y[score_at], rows.classes)
        found.append(measure_all(answers, rows.task))
        after_fold(number, found[-1])
    names = [name for name in found[0] if all(name in scores for scores in found)]
    table = {name: [scores[name] for scores in found] for name in names}
    means = {name: float(np.mean(values)) for name, values in table.items()}
    return Validation(
        means, {name: float(np.std(values)) for name, values in table.items()}, clock() - started
    )


def answers_of(fitted: Pipeline, X: pd.DataFrame, y: Any, classes: tuple[Any, ...] | None) -> Answers:
    """Ask a fitted pipeline about rows whose truth is known."""
    predictions = fitted.predict(X)
    if classes is None:
        return Answers(y, np.asarray(predictions, dtype=np.float64), None, None)
    probabilities = np.asarray(fitted.predict_proba(X), dtype=np.float64)
    known = list(fitted.classes_)
    if len(known) < len(classes):
        full = np.zeros((len(probabilities), len(classes)))
        full[:, [classes.index(label) for label in known]] = probabilities
        probabilities = full
    return Answers(y, predictions, probabilities, classes)


def _sample(y: Any, classes: tuple[Any, ...] | None, *, rows: int, fewest: int, seed: int) -> Any:
    """Draw positions; classes keep their shares, but each has its `fewest` rows before any has more."""
    drawn = np.random.default_rng(seed).permutation(len(y))
    if classes:
        turns = np.empty(len(y))
        for label in classes:
            mine = np.flatnonzero(y[drawn] == label)
            turns[mine] = (np.arange(len(mine)) + 0.5) / len(mine)
            turns[mine[:fewest]] = np.arange(min(fewest, len(mine))) - fewest
        drawn = drawn[np.argsort(turns, kind="stable")]
    return np.sort(drawn[:rows])
