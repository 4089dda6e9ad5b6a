"""Which rows are held out: by chance, by class, by group, or by time.

Everything here speaks of positions, in the order of the table's rows. Rows of one group, and copies
of one row, stay on one side; with a time column the held-out rows are the latest.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.counted import agreeing, counted
from projects.errors import BadInput
from projects.hints import shown
from projects.repeats import held_whole
from projects.requirement.model import Splitting
from projects.target import Target

Positions = NDArray[np.intp]
Strategy = Literal["random", "stratified", "group", "time", "given"]
BY_CHANCE = ("random", "stratified")
FEWEST_ROWS = 20
FEWEST_TO_LEARN = 2
"""Rows of each class: one to fit on and one to score on."""
TRIES = 20
"""Drawings of groups, of which the best balanced is taken."""


@dataclass(frozen=True)
class Divided:
    """The positions of three kinds of rows, each in rising order, in time's order where time decides.

    Attributes:
        train: To learn from.
        validation: To compare on by one split; empty where folds do that.
        test: Held out.
        strategy: How they were told apart.
        has_whole_copies: Whether rows of equal inputs are on one side.
    """

    train: Positions
    validation: Positions
    test: Positions
    strategy: Strategy
    has_whole_copies: bool = False


@dataclass(frozen=True)
class Marks:
    """What tells rows apart beside chance; each is an array with one value a row, or None.

    Attributes:
        groups: The group of each row; rows without one are a group together.
        times: When each row was; rows without it count as the oldest.
        copies: A number for each different row, where rows are copies of others and chance splits.
    """

    groups: Any = None
    times: Any = None
    copies: Any = None

    def at(self, positions: Positions) -> "Marks":
        """Return the marks of some rows."""
        marks = (self.groups, self.times, self.copies)
        return Marks(*(None if mark is None else np.asarray(mark)[positions] for mark in marks))


def read_marks(frame: pd.DataFrame, splitting: Splitting) -> Marks:
    """Take the columns that split from a table.

    Raises:
        BadInput: A column is missing, holds one value alone, or is to order in time and holds no dates.
    """
    groups = times = None
    if splitting.group_column:
        cells = _column(frame, splitting.group_column, "group_column")
        groups = pd.factorize(cells)[0]
        if len(np.unique(groups)) < 2:
            raise BadInput(
                f"group_column '{splitting.group_column}' holds one group alone ({shown(cells.iloc[0])});"
                " rows can be split by it from two groups on"
            )
    if splitting.time_column:
        times = as_times(_column(frame, splitting.time_column, "time_column"))
    return Marks(groups, times)


def as_times(cells: "pd.Series[Any]") -> NDArray[np.float64]:
    """Read a column as moments that can be ordered: numbers as they are, dates as seconds; NaN for gaps.

    Raises:
        BadInput: It holds what is neither, or nothing, or one moment alone.
    """
    if pd.api.types.is_numeric_dtype(cells.dtype):
        times = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        moments = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
        wrong = np.flatnonzero((moments.isna() & cells.notna()).to_numpy())
        if len(wrong):
            others = f" (and {counted(len(wrong) - 1, 'more row')})" if len(wrong) > 1 else ""
            raise BadInput(
                f"time_column '{cells.name}' must hold dates such as 2024-05-31 or numbers that rise with"
                f" time; row {wrong[0]} has {shown(cells.iloc[wrong[0]])}{others}"
            )
        seconds = (moments - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
        times = seconds.to_numpy(dtype=np.float64)
    if len(np.unique(times[~np.isnan(times)])) < 2:
        raise BadInput(f"time_column '{cells.name}' must hold two different dates at least, to split by")
    return times


def divide(target: Target, splitting: Splitting, marks: Marks, *, seed: int) -> Divided:
    """Choose the rows to learn from, to validate on and to hold out.

    Args:
        target: The target of the rows.
        splitting: How they are split; shares are of all rows.
        marks: The groups and times of the same rows.
        seed: The same seed gives the same split.

    Raises:
        BadInput: Too few rows, groups or rows of a class.
    """
    rows = len(target.truth)
    if rows < FEWEST_ROWS:
        there = f"{counted(rows, 'row')} with a target {agreeing(rows, 'is')}"
        raise BadInput(f"{there} too few; {FEWEST_ROWS} are needed at least")
    strategy = strategy_of(splitting, target, marks)
    test = max(int(np.ceil(round(rows * splitting.test_size, 6))), 1)
    validation = round(rows * splitting.validation_size)
    if strategy in BY_CHANCE:
        test = max(test, len(target.classes or ()))
    everything = np.arange(rows)
    rest, held = _cut(everything, test, target, marks, strategy, seed=seed)
    train, compared = (
        _cut(rest, validation, target, marks, strategy, seed=seed) if validation else (rest, everything[:0])
    )
    _check_learnable(target, train, strategy)
    has_whole_copies = marks.copies is not None and strategy in BY_CHANCE
    return Divided(train, compared, held, strategy, has_whole_copies)


def divide_at(target: Target, splitting: Splitting, marks: Marks, is_held: Any, *, seed: int) -> Divided:
    """Hold given rows out, and choose the rows to validate on among the others.

    Args:
        target: The target of the rows.
        splitting: How the others are split.
        marks: The groups and times of the same rows.
        is_held: Whether each row is held out.
        seed: The same seed gives the same split.

    Raises:
        BadInput: Too few rows, groups or rows of a class are left to learn from.
    """
    rest, held = np.flatnonzero(~is_held), np.flatnonzero(is_held)
    if len(rest) < FEWEST_ROWS:
        there = f"{counted(len(rest), 'row')} to learn from {agreeing(len(rest), 'is')}"
        raise BadInput(f"{there} too few; {FEWEST_ROWS} are needed at least")
    strategy = strategy_of(splitting, target, marks)
    validation = round(len(rest) * splitting.validation_size)
    train, compared = (
        _cut(rest, validation, target, marks, strategy, seed=seed) if validation else (rest, rest[:0])
    )
    _check_learnable(target, train, "given")
    return Divided(train, compared, held, "given")


def strategy_of(splitting: Splitting, target: Target, marks: Marks) -> Strategy:
    """Return how rows are held out: `auto` goes by groups or time where a column of them is named."""
    if splitting.strategy == "group" or (splitting.strategy == "auto" and marks.groups is not None):
        return "group"
    if splitting.strategy == "time" or (splitting.strategy == "auto" and marks.times is not None):
        if marks.times is None:
            raise BadInput("a split by time needs split.time_column; name the column that says when")
        return "time"
    if splitting.strategy == "random" or target.classes is None:
        return "random"
    return "stratified"


def _cut(
    at: Positions, wanted: int, target: Target, marks: Marks, strategy: Strategy, *, seed: int
) -> tuple[Positions, Positions]:
    """Cut `wanted` rows, or about as many, off some others."""
    from sklearn.model_selection import train_test_split

    truth, some = np.asarray(target.truth)[at], marks.at(at)
    if strategy == "time":
        order = time_order(some.times)
        edge = _edge(some.times[order], len(at) - wanted)
        return at[order[:edge]], at[order[edge:]]
    if strategy == "group":
        is_held = _held_groups(truth, some.groups, wanted, seed, has_classes=target.classes is not None)
        return at[~is_held], at[is_held]
    classes = truth if strategy == "stratified" else None
    if some.copies is not None:
        labels = np.zeros(len(at), dtype=int) if classes is None else classes
        is_held = held_whole(labels, some.copies, wanted, seed=seed)
        return at[~is_held], at[is_held]
    try:
        rest, held = train_test_split(at, test_size=wanted, random_state=seed, stratify=classes)
    except ValueError as error:
        raise BadInput(_too_few(target)) from error
    return np.sort(rest), np.sort(held)


def time_order(times: Any) -> Positions:
    """Return the rows from the oldest to the newest; those without a time come first."""
    filled = np.where(np.isnan(times), -np.inf, times)
    return np.argsort(filled, kind="stable")


def _edge(ordered: Any, wanted: int) -> int:
    """Return the change of time that is nearest to a place: rows of one moment stay together."""
    filled = np.where(np.isnan(ordered), -np.inf, ordered)
    changes = np.flatnonzero(filled[1:] != filled[:-1]) + 1
    if not len(changes):
        raise BadInput("the rows to split by time are all of one moment; split at random, or by a group")
    return int(changes[np.argmin(np.abs(changes - wanted))])


def _held_groups(truth: Any, groups: Any, wanted: int, seed: int, *, has_classes: bool) -> Any:
    """Draw whole groups until about `wanted` rows are held, several times; take the best balanced draw."""
    names, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise BadInput("rows can be split by groups from two groups on; there is one left")
    labels = np.unique(truth, return_inverse=True)[1] if has_classes else np.zeros(len(truth), dtype=int)
    whole = np.bincount(labels) / len(labels)
    random, best = np.random.default_rng(seed), (np.inf, codes == 0)
    for _ in range(TRIES):
        order = random.permutation(len(names))
        reached = np.cumsum(sizes[order])
        count = min(int(np.argmin(np.abs(reached - wanted))) + 1, len(names) - 1)
        is_held = np.isin(codes, order[:count])
        shares = np.bincount(labels[is_held], minlength=len(whole)) / is_held.sum()
        off = abs(is_held.sum() - wanted) / len(truth) + np.abs(shares - whole).sum()
        if off < best[0]:
            best = (off, is_held)
    return best[1]


def _check_learnable(target: Target, train: Positions, strategy: Strategy) -> None:
    learned = Counter(np.asarray(target.truth)[train].tolist())
    scarce = [label for label in target.classes or () if learned[label] < FEWEST_TO_LEARN]
    if scarce:
        why = {"time": " before the held-out time", "group": " in the groups to learn from"}.get(strategy, "")
        raise BadInput(
            f"class {scarce[0]!r} of target '{target.name}' has {counted(learned[scarce[0]], 'row')}{why},"
            f" at least {FEWEST_TO_LEARN} are needed to learn from; gather more, or hold out less"
        )


def _too_few(target: Target) -> str:
    label, count = min(Counter(np.asarray(target.truth).tolist()).items(), key=lambda item: item[1])
    return (
        f"class {label!r} of target '{target.name}' has {counted(count, 'row')}: too few to"
        " learn from and to hold out; gather more, or leave its rows out"
    )


def _column(frame: pd.DataFrame, name: str, option: str) -> "pd.Series[Any]":
    from projects.hints import did_you_mean

    if name not in frame.columns:
        raise BadInput(
            f"{option} '{name}' is not in the table; {did_you_mean(name, map(str, frame.columns))}"
        )
    return frame[name]
