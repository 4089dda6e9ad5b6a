"""A problem whose rows do not fit in the memory that it may take, and a pipeline fitted on its sample."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from projects.beyond_memory.chunks import LearnedRows
from projects.beyond_memory.last_fit import LastFit
from projects.growth import learnable
from projects.learning.candidates.candidate import Making
from projects.learning.candidates.listing import BY_NAME
from projects.problem import Problem, read_problem
from projects.rows import TableRows
from tests.unit.projects.problem_fixtures import read_table

ROWS = 5_000
MEMORY = "sampling.memory=1MB"


def shop(rows: int = ROWS) -> pd.DataFrame:
    """Numbers with gaps, ties and outliers, spellings, many levels, dates, and targets of each kind."""
    rng = np.random.default_rng(5)
    size, gaps = rng.normal(size=rows), rng.exponential(size=rows)
    gaps[rng.random(rows) < 0.1] = np.nan
    city = rng.choice(["Oslo", "oslo", "Rome", "Lima"], rows).astype(object)
    city[rng.random(rows) < 0.05] = None
    noise = rng.normal(size=rows)
    score = size + np.nan_to_num(gaps) + (city == "Lima") + noise
    return pd.DataFrame(
        {
            "key": rng.permutation(rows) + 0.5,
            "size": size,
            "gaps": gaps,
            "ties": rng.integers(0, 3, rows) * 1.5,
            "city": city,
            "agent": [f"agent {n}" for n in rng.integers(0, 200, rows)],
            "day": pd.date_range("2022-01-01", periods=900).strftime("%Y-%m-%d")[rng.integers(0, 900, rows)],
            "amount": score,
            "bought": np.where(score > 0.8, "yes", "no"),
            "level": np.digitize(score, [0.0, 2.0]),
        }
    )


def streamed(
    folder: Path, target: str, frame: pd.DataFrame | None = None, **parameters: str
) -> tuple[TableRows, Problem]:
    """Read the shop, or another frame, with little memory."""
    asked = {"sample_size": "full", "set": MEMORY} | parameters
    table = read_table(folder, target, frame=shop() if frame is None else frame, **asked)
    return table, read_problem(table)


def fitted(problem: Problem, name: str, X: Any = None, y: Any = None, **more: Any) -> Pipeline:
    """Fit a candidate on some rows, by default on those of the sample."""
    candidate = BY_NAME[name]
    rows, threads = problem.learned, 1
    X = problem.features.frame.iloc[rows].reset_index(drop=True) if X is None else X
    y = problem.target.truth[rows] if y is None else y
    model = candidate.make(Making(problem.target.task, 7, threads), {**candidate.defaults, **more})
    if candidate.needs_codes and problem.target.classes is not None:
        from sklearn.ensemble import VotingClassifier

        model = VotingClassifier([(name, model)], voting="soft")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Pipeline([*problem.prepare(candidate.style), ("model", model)]).fit(X, y)


def last_fit(
    table: TableRows, problem: Problem, pipeline: Pipeline, folder: Path, say: Any = None
) -> LastFit:
    """Make the last fit of a pipeline over all rows."""
    rows = LearnedRows(problem, table, learnable(problem, table))
    return LastFit(rows, pipeline, folder, 10**9, say or (lambda _: None))


def all_rows(table: TableRows, problem: Problem) -> tuple[pd.DataFrame, Any, Any]:
    """Return all rows to learn from at once: columns, labels or numbers, and codes or numbers."""
    chunks = list(LearnedRows(problem, table, learnable(problem, table)).chunks())
    codes = np.concatenate([chunk.y for chunk in chunks])
    X = pd.concat([chunk.X for chunk in chunks], ignore_index=True)
    classes = problem.target.classes
    labels = codes if classes is None else np.array(classes, dtype=problem.target.truth.dtype)[codes]
    return X, labels, codes
