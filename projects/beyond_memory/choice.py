"""How all rows are learned from: in memory where they fit, else from disk, else as many as fit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from projects.beyond_memory.chunks import LearnedRows
from projects.beyond_memory.last_fit import LastFit, most_rows_of_lightgbm
from projects.beyond_memory.memory import learning_bytes, told
from projects.beyond_memory.streaming import model_of, only_streaming
from projects.counted import counted
from projects.growth import learnable, most_rows, on_all_rows
from projects.learning.winner import Winner
from projects.problem import Problem
from projects.rows import TableRows

Say = Callable[[str], None]


def with_streaming_candidates(problem: Problem, table: TableRows, say: Say) -> Problem:
    """Where all rows were asked for and do not fit, compare what can learn from all of them."""
    if not table.decision.is_streamed:
        return problem
    chosen, sentence = only_streaming(problem.chosen)
    if sentence:
        say(sentence)
    asked = problem.asked
    if asked.ensembles.method != "auto":
        return replace(problem, chosen=chosen)
    alone = asked.model_copy(update={"ensembles": asked.ensembles.model_copy(update={"method": "none"})})
    return replace(problem, chosen=chosen, asked=alone)


def fit_on_all(
    winner: Winner, problem: Problem, table: TableRows, var_dir: Path, say: Say
) -> tuple[Any, int]:
    """Fit the winner on all rows of the table that may be learned from; return it and how many they were.

    Args:
        winner: Fitted on the sample.
        problem: The rows of the sample.
        table: The table.
        var_dir: Where a matrix may lie on disk.
        say: Hears how it goes.

    Raises:
        BadInput: The rows cannot be read, or their matrix does not fit on the disk.
    """
    columns, bound = len(problem.features.columns), learning_bytes(problem.asked.sampling.memory)
    fitting = most_rows(columns, bound)
    if table.clean.rows <= fitting:
        return on_all_rows(winner.fit, problem, table)
    if model_of(winner.pipeline) is None:
        some = counted(fitting, "row")
        say(f"{winner.name} cannot learn from disk: of {table.clean.rows:,} rows it learns from {some}")
        return on_all_rows(winner.fit, problem, table)
    every = _every(winner, table, bound, say)
    rows = LearnedRows(problem, table, learnable(problem, table), every)
    return LastFit(rows, winner.pipeline, var_dir, bound, say).run()


def _every(winner: Winner, table: TableRows, bound: int, say: Say) -> int:
    """Return of how many rows one is taken: more than one where LightGBM's bins would not fit in memory."""
    if not type(model_of(winner.pipeline)).__name__.startswith("LGBM"):
        return 1
    fitting = most_rows_of_lightgbm(winner.pipeline[:-1].get_feature_names_out().shape[0], bound)
    every = -(-table.clean.rows // max(fitting, 1))
    if every > 1:
        say(
            f"LightGBM holds the bins of all that it learns from, and {told(bound)} are too little for all:"
            f" it learns from one row of {every}; XGBoost (candidates: xgboost) keeps them on disk instead"
        )
    return every
