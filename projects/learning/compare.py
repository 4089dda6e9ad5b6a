"""The rows that candidates are compared on, the same folds for all of them, and what was found there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, RepeatedKFold, RepeatedStratifiedKFold, StratifiedKFold

from projects.evaluation.metrics import Answers
from projects.repeats import folded_whole
from serving.plan.model import Task

REPEATED_BELOW = 2000
"""Rows: with fewer, a score changes more with the folds than with the candidate, so two rounds are made."""
ROWS_AT_ONCE = 50_000


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
    """What cross-validation found: mean and standard deviation over the folds for each metric.

    Attributes:
        means: By metric.
        deviations: By metric.
        seconds: Of fitting and asking, over all folds.
        scores: By metric, those of each fold.
    """

    means: dict[str, float]
    deviations: dict[str, float]
    seconds: float
    scores: dict[str, tuple[float, ...]] = field(default_factory=dict)


def rows_to_compare(
    X: pd.DataFrame,
    y: Any,
    task: Task,
    classes: tuple[Any, ...] | None,
    *,
    folds: int,
    most_rows: int,
    seed: int,
    copies: Any = None,
) -> Rows:
    """Fold at most `most_rows` rows, by class where there are classes; few rows are folded twice.

    Rows of one number in `copies` are in one fold.
    """
    most_rows = max(most_rows, folds * len(classes or ()))
    if len(X) > most_rows:
        at = _sample(y, classes, rows=most_rows, fewest=folds, seed=seed)
        X, y = X.iloc[at].reset_index(drop=True), y[at]
        copies = None if copies is None else copies[at]
    numbers = np.arange(len(y)) if copies is None else copies
    whole = y[np.unique(numbers, return_index=True)[1]]
    # A fold needs a row of each class, or two numbers: there is no score of less.
    most = min(int((whole == label).sum()) for label in classes) if classes else len(whole) // 2
    count = max(2, min(folds, most))
    if len(y) < REPEATED_BELOW:
        twice = RepeatedStratifiedKFold if classes else RepeatedKFold
        splitter: Any = twice(n_splits=count, n_repeats=2, random_state=seed)
    else:
        splitter = (StratifiedKFold if classes else KFold)(count, shuffle=True, random_state=seed)
    return Rows(X, y, tuple(folded_whole(splitter, y, numbers)), task, classes)


def answers_of(fitted: Any, X: pd.DataFrame, y: Any, classes: tuple[Any, ...] | None) -> Answers:
    """Ask a fitted pipeline about rows whose truth is known.

    A vote by labels has no probabilities: its label gets 1.
    """
    predictions = _in_parts(fitted.predict, X)
    if classes is None:
        return Answers(y, predictions.astype(np.float64), None, None)
    if not hasattr(fitted, "predict_proba"):
        return Answers(y, predictions, (predictions[:, None] == np.array(classes)).astype(float), classes)
    probabilities = _in_parts(fitted.predict_proba, X).astype(np.float64)
    known = list(fitted.classes_)
    if len(known) < len(classes):
        full = np.zeros((len(probabilities), len(classes)))
        full[:, [classes.index(label) for label in known]] = probabilities
        probabilities = full
    return Answers(y, predictions, probabilities, classes)


def _in_parts(ask: Callable[[pd.DataFrame], Any], X: pd.DataFrame) -> Any:
    """Ask about some rows at a time: the matrix of all of them may be larger than the table."""
    starts = range(0, max(1, len(X)), ROWS_AT_ONCE)
    return np.concatenate([np.asarray(ask(X.iloc[start : start + ROWS_AT_ONCE])) for start in starts])


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
