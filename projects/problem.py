"""What there is to learn: a table, its target and features, the split, and the folds to compare on."""

from dataclasses import dataclass

import numpy as np

from projects.errors import BadInput
from projects.evaluation.gate import check_gate
from projects.evaluation.metrics import Metric, metric_for
from projects.features import Features, read_features
from projects.ingest.source import Table, read_table
from projects.learning.candidates import Candidate, fitting
from projects.learning.compare import Rows, rows_to_compare
from projects.options import Options
from projects.progress import Progress
from projects.split import Split, split_rows
from projects.target import Target, read_target

STEPS_BESIDE_CANDIDATES = 4
"""Reading, tuning, scoring and registering."""


@dataclass(frozen=True)
class Problem:
    """A table that is ready to learn from.

    Attributes:
        table: As it was read.
        name: The registered model's name.
        target: What to predict.
        features: What to learn from.
        split: The rows to learn from and those held out.
        rows: The rows to compare candidates on, of those to learn from.
        metric: What to compare by.
        candidates: What to compare.
    """

    table: Table
    name: str
    target: Target
    features: Features
    split: Split
    rows: Rows
    metric: Metric
    candidates: tuple[Candidate, ...]


def read_problem(options: Options, progress: Progress) -> Problem:
    """Read the table and make everything of it that the options ask for.

    Raises:
        BadInput: The table or an option cannot be used.
    """
    with progress.step(f"reading {options.data or 'the table'}") as step:
        table = read_table(options.data)
        target = read_target(table.frame, options.target or table.target or "", options.task)
        check_gate(options.gate, target.task)
        candidates = fitting(options.candidates, target.task)
        inputs = table.frame.drop(columns=target.name).iloc[target.rows].reset_index(drop=True)
        features = read_features(inputs)
        progress.total = STEPS_BESIDE_CANDIDATES + len(candidates)
        used, there = len(features.columns), inputs.shape[1]
        step.result = f"{len(table.frame)} rows, {used} of {there} columns to learn from"
        split = split_rows(features.frame, target, holdout=options.holdout, seed=options.seed)
    if missing := len(table.frame) - len(target.rows):
        progress.note(f"{missing} rows are left out: their target is missing")
    for sentence in (target.reason, *features.notices):
        progress.note(sentence)
    progress.note(f"{len(split.X_held)} rows are held out (seed {options.seed}), untouched until the end")
    rows = rows_to_compare(
        split.X_train, split.y_train, target.task, target.classes,
        folds=options.folds, most_rows=options.compare_rows, seed=options.seed,
    )  # fmt: skip
    metric = _measurable(metric_for(options.metric, target.task), target)
    return Problem(table, options.name or table.name, target, features, split, rows, metric, candidates)


def _measurable(metric: Metric, target: Target) -> Metric:
    if metric.name == "mape" and (np.abs(target.truth) < np.finfo(np.float64).eps).any():
        raise BadInput(f"mape divides by the target, and '{target.name}' has zeros; use rmse, mae or r2")
    return metric
