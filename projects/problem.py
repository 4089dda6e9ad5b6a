"""What there is to learn: rows, their target and features, what is held out, and the folds to compare on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from projects.article_parts import Articles
from projects.counted import counted
from projects.errors import BadInput
from projects.evaluation.gate import Clause, check_gate
from projects.evaluation.metrics import Metric, metric_for
from projects.feature_store.feature import Feature
from projects.features import Features, NothingLeft, read_features
from projects.folding import fold_kind, make_folds
from projects.learning.candidates.listing import Chosen, choose
from projects.learning.compare import Rows, rows_to_compare
from projects.learning.matrices import Prepare
from projects.preparation import Inputs, preparation, rows_to_learn
from projects.quality.leakage import certain_columns, suspects
from projects.quality.model import Suspect
from projects.read_text import ReadText
from projects.repeats import count_repeats, digests_of, find_copies
from projects.requirement.model import Requirement
from projects.rows import TableRows
from projects.splitting import BY_CHANCE, Divided, Marks, divide, divide_at, read_marks, strategy_of
from projects.target import Target, read_target
from projects.windowed import with_windows


@dataclass(frozen=True)
class Problem:
    """Rows that are ready to learn from.

    Attributes:
        asked: The requirement, with everything decided.
        name: The registered model's name.
        target: What to predict.
        features: What to learn from, a row for each of the target's values.
        inputs: Its columns by what prepares them.
        divided: Which rows are learned from, and which are held out.
        positions: Where each of the rows is in the clean table.
        beside: Columns of the same rows that are not learned from.
        rows: The rows to compare candidates on, of those to learn from.
        metric: What to compare by.
        gate: What a version must meet.
        chosen: The candidates.
        notices: How columns and rows were read, and what was left out and why.
        suspicions: What may give the target away, and what was done about it.
        stored: The features of the store that are learned from.
        articles: What free text becomes, once that was chosen.
        texts: The same for people.
    """

    asked: Requirement
    name: str
    target: Target
    features: Features
    inputs: Inputs
    divided: Divided
    positions: Any
    beside: pd.DataFrame
    rows: Rows
    metric: Metric
    gate: tuple[Clause, ...]
    chosen: Chosen
    notices: tuple[str, ...]
    suspicions: tuple[str, ...]
    stored: tuple[Feature, ...] = ()
    articles: Articles | None = None
    texts: tuple[ReadText, ...] = ()

    @property
    def learned(self) -> Any:
        """The positions, among these rows, that are learned from."""
        return np.sort(np.concatenate([self.divided.train, self.divided.validation]))

    @property
    def definitions(self) -> list[dict[str, Any]]:
        """The stored features, as columns to derive."""
        return [feature.column for feature in self.stored if not feature.is_custom]

    @property
    def prepare(self) -> Prepare:
        """What makes the steps before a model of a style; it does not hold the rows, and can travel."""
        made = partial(
            preparation, self.inputs, self.asked.features, self.asked.cleaning, task=self.target.task,
            seed=self.asked.seed, stored=self.definitions, articles=self.articles,
        )  # fmt: skip
        return lambda style: made(style=style)


def read_problem(table: TableRows, stored: Sequence[Feature] = (), held: Any = None) -> Problem:
    """Make everything of the rows that was asked for.

    Args:
        table: The rows.
        stored: The features that `features.store` names.
        held: Which rows to hold out, by the index of the table's frame; by default as `split` says.

    Raises:
        BadInput: They, or an option, cannot be used.
    """
    asked, frame = _with_functions(table.asked, stored), table.frame
    texts = table.clean.texts
    target = read_target(frame, asked.target, asked.task, is_text=asked.target in texts)
    check_gate(table.resolved.gate, target.task)
    metric = _measurable(metric_for(asked.metric, target.task), target)
    chosen = choose(asked.candidates, target.task)
    inputs = frame.drop(columns=target.name).iloc[target.rows]
    positions, inputs = inputs.index.to_numpy(), inputs.reset_index(drop=True)
    marks = read_marks(inputs, asked.split)
    inputs, windows = with_windows(inputs, asked, marks)
    found = suspects(inputs, target.truth, target.task, seed=asked.seed)
    leaks, features = _without_leaks(inputs, found, table)
    if held is None:
        marks, copied = _with_copies(marks, features, target, asked)
        divided = divide(target, asked.split, marks, seed=asked.seed)
    else:
        copied, is_held = [], np.isin(positions, held)
        divided = divide_at(target, asked.split, marks, is_held, seed=asked.seed)
    divided = _complete(divided, features, asked)
    aside = [name for name in inputs.columns if name not in features.frame.columns]
    return Problem(
        asked=asked, name=asked.registered_name or table.clean.name, target=target,
        features=features, inputs=features.inputs, divided=divided, positions=positions,
        beside=inputs[aside], rows=_rows(asked, target, features, divided, marks), metric=metric,
        gate=table.resolved.gate, chosen=chosen,
        notices=(*_missing(frame, target), target.reason, *windows, *features.notices, *copied),
        suspicions=tuple(_told(suspect, leaks) for suspect in found), stored=tuple(stored),
    )  # fmt: skip


def _with_functions(asked: Requirement, stored: Sequence[Feature]) -> Requirement:
    """Add the stored features that are functions to those that are named outright."""
    functions = tuple(str(feature.definition["function"]) for feature in stored if feature.is_custom)
    custom = tuple(dict.fromkeys([*asked.features.custom, *functions]))
    return asked.model_copy(update={"features": asked.features.model_copy(update={"custom": custom})})


def _without_leaks(
    inputs: pd.DataFrame, found: Sequence[Suspect], table: TableRows
) -> tuple[tuple[str, ...], Features]:
    """Read the columns, without those that give the target away unless nothing else can be learned."""
    asked, clean = table.asked, table.clean
    unwanted = {*asked.features.drop, *([asked.split.group_column] if asked.split.group_column else [])}

    def read(leaks: tuple[str, ...]) -> Features:
        features = read_features(
            inputs.drop(columns=list(leaks)), dates=clean.dates, texts=clean.texts, truths=clean.truths,
            drop=sorted(unwanted - set(leaks)), articles=asked.features.text,
        )  # fmt: skip
        return _as_the_whole_table(features, table)

    leaks = certain_columns(found, list(inputs.columns)) if asked.cleaning.leakage == "drop" else ()
    try:
        return leaks, read(leaks)
    except NothingLeft:
        if not leaks:
            raise
        return (), read(())


def _with_copies(
    marks: Marks, features: Features, target: Target, asked: Requirement
) -> tuple[Marks, list[str]]:
    """Mark copies of rows where chance splits: a model that has learned a row knows its copy's answer."""
    if strategy_of(asked.split, target, marks) not in BY_CHANCE:
        return marks, []
    numbers = find_copies(digests_of(features.frame), target.truth, has_classes=target.classes is not None)
    if numbers is None:
        return marks, []
    there = counted(len(numbers), "row")
    said = (
        f"{count_repeats(numbers):,} of {there} repeat the columns of another: such rows are learned from, or"
        " held out, together, so that no score is of a row that was learned"
    )
    return replace(marks, copies=numbers), [said]


def _measurable(metric: Metric, target: Target) -> Metric:
    if metric.name == "mape" and (np.abs(target.truth) < np.finfo(np.float64).eps).any():
        raise BadInput(f"mape divides by the target, and '{target.name}' has zeros; use rmse, mae or r2")
    return metric


def _as_the_whole_table(features: Features, table: TableRows) -> Features:
    """Let a column have gaps that has some in the table, though none in the rows drawn."""
    if not table.decision.is_sample:
        return features
    with_gaps = {column.name for column in table.clean.columns if column.missing}
    columns = tuple(
        replace(column, required=column.required and column.name not in with_gaps)
        for column in features.columns
    )
    return replace(features, columns=columns)


def _complete(divided: Divided, features: Features, asked: Requirement) -> Divided:
    """Leave out training rows with gaps, where that was asked for; held-out rows stay as they are."""

    def kept(at: Any) -> Any:
        if not len(at):
            return at
        return at[rows_to_learn(features.frame.iloc[at], features.inputs, asked.cleaning)]

    return replace(divided, train=kept(divided.train), validation=kept(divided.validation))


def _rows(asked: Requirement, target: Target, features: Features, divided: Divided, marks: Marks) -> Rows:
    """Take the rows to compare candidates on, at most so many, and fold them as they are held out."""
    frame, split, seed = features.frame, asked.split, asked.seed
    at = np.sort(np.concatenate([divided.train, divided.validation]))
    kind = fold_kind(split, target, marks)
    is_by_chance = kind == "stratified" or (kind == "kfold" and target.classes is None)
    if not len(divided.validation) and is_by_chance:
        return rows_to_compare(
            frame.iloc[at].reset_index(drop=True), target.truth[at], target.task, target.classes,
            folds=split.folds, most_rows=split.compare_rows, seed=seed, copies=marks.at(at).copies,
        )  # fmt: skip
    if len(at) > split.compare_rows:
        at = np.sort(np.random.default_rng(seed).permutation(at)[: split.compare_rows])
    if len(divided.validation):
        is_scored = np.isin(at, divided.validation)
        folds = [(np.flatnonzero(~is_scored), np.flatnonzero(is_scored))]
    else:
        folds = make_folds(target, split, marks, at, seed=seed)
    X = frame.iloc[at].reset_index(drop=True)
    return Rows(X, target.truth[at], tuple(folds), target.task, target.classes)


def _missing(frame: pd.DataFrame, target: Target) -> list[str]:
    missing = len(frame) - len(target.rows)
    return [f"{counted(missing, 'row', 'is')} left out: the target is missing"] if missing else []


def _told(suspect: Suspect, leaks: Sequence[str]) -> str:
    done = "left out" if set(suspect.columns) <= set(leaks) else "kept; look at it"
    named = ", ".join(f"'{name}'" for name in suspect.columns)
    plural = "s" if len(suspect.columns) > 1 else ""
    return f"LEAK {suspect.certainty}, column{plural} {named}: {suspect.why} ({done})"
