"""The folds that candidates are compared on: by chance, by class, by group, or by time.

Rows of one group are never both fitted on and scored on; with a time column each fold's rows to score on are
later than those to fit on.
"""

from collections import Counter
from typing import Any

import numpy as np

from projects.counted import counted
from projects.errors import BadInput
from projects.repeats import folded_whole
from projects.requirement.model import Splitting
from projects.splitting import Marks, Positions, strategy_of, time_order
from projects.target import Target

Fold = tuple[Positions, Positions]
"""Positions to fit on and to score on."""


def make_folds(target: Target, splitting: Splitting, marks: Marks, at: Positions, *, seed: int) -> list[Fold]:
    """Fold rows to compare candidates on: pairs of positions to fit on and to score on.

    There are fewer folds than asked for where a class has fewer rows, or where there are fewer groups.

    Args:
        target: The target of all rows.
        splitting: How they are folded.
        marks: The groups and times of all rows.
        at: The rows to fold.
        seed: The same seed gives the same folds.

    Returns:
        Positions within `at`.

    Raises:
        BadInput: The rows cannot be folded so.
    """
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    truth, some, kind = np.asarray(target.truth)[at], marks.at(at), fold_kind(splitting, target, marks)
    has_classes = target.classes is not None
    if kind == "time_series":
        return _time_folds(truth, some.times, splitting.folds, has_classes=has_classes)
    folds = min(splitting.folds, len(at) // 2)
    if kind == "group":
        folds = _no_more_than(folds, len(np.unique(some.groups)), "group")
        splitter: Any = (
            StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
            if has_classes and min(Counter(truth.tolist()).values()) >= folds
            else GroupKFold(folds, shuffle=True, random_state=seed)
        )
    elif kind == "stratified" and has_classes:
        whole = truth if some.copies is None else truth[np.unique(some.copies, return_index=True)[1]]
        folds = _no_more_than(folds, min(Counter(whole.tolist()).values()), "row of the rarest class")
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    else:
        splitter = KFold(folds, shuffle=True, random_state=seed)
    if some.copies is not None and kind in ("stratified", "kfold"):
        return folded_whole(splitter, truth, some.copies)
    pairs = list(splitter.split(np.empty((len(at), 0)), truth, some.groups))
    return _learnable(pairs, truth, "its group") if kind == "group" and has_classes else pairs


def fold_kind(splitting: Splitting, target: Target, marks: Marks) -> str:
    """Return how rows are folded; `auto` follows the strategy of the split."""
    if splitting.cv == "time_series" and marks.times is None:
        raise BadInput("folds by time need split.time_column; name the column that says when")
    if splitting.cv != "auto":
        return splitting.cv
    kinds = {"group": "group", "time": "time_series", "stratified": "stratified", "random": "kfold"}
    strategy = strategy_of(splitting, target, marks)
    # A hold-out by chance says nothing against folds that hold every class.
    return "stratified" if strategy == "random" and target.classes is not None else kinds[strategy]


def _time_folds(truth: Any, times: Any, folds: int, *, has_classes: bool) -> list[Fold]:
    from sklearn.model_selection import TimeSeriesSplit

    order = time_order(times)
    count = min(folds, len(order) // 2 - 1)
    if count < 2:
        there = counted(len(order), "row", "is")
        raise BadInput(f"{there} too few for folds by time; gather more, or split at random")
    pairs = [(order[fit], order[score]) for fit, score in TimeSeriesSplit(count).split(order)]
    return _learnable(pairs, truth, "its time") if has_classes else pairs


def _learnable(pairs: list[Fold], truth: Any, what: str) -> list[Fold]:
    """Return the folds that are fitted on every class; early rows, or few groups, may lack one."""
    every = set(truth.tolist())
    kept = [(fit, score) for fit, score in pairs if set(truth[fit].tolist()) == every]
    if not kept:
        raise BadInput(
            f"no fold has rows of every class beside those of {what}; set split.cv to stratified, or split"
            " at random"
        )
    return kept


def _no_more_than(folds: int, there: int, what: str) -> int:
    if there < 2:
        raise BadInput(f"rows cannot be folded with {there} {what}; gather more, or fold by chance")
    return min(folds, there)
