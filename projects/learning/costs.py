"""What a fitted pipeline costs: the time to answer one row, its files, and its training.

Latency is that of the scoring plan, which is what serves; a pipeline that no plan can hold is asked itself.
"""

import pickle
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from projects.learning.quiet import fitting_quietly
from serving.plan.model import Column, PlanError, Task

ROWS_ASKED = 200
ROWS_ASKED_WITHOUT_PLAN = 10
WARM_UP = 5
FEWEST_ROUNDS, MOST_ROUNDS = 3, 12
"""Short ones: other work on the machine only adds, and is seldom at all of them."""
MOST_SECONDS, FEWEST_ROWS = 1.0, 30
"""A round ends with so many seconds, but not before so many rows; all but the fewest rounds do together."""
WORDY = 4
"""Blanks from which on a text may be free text, whose numbers are remembered."""
MEGABYTE = 1_000_000
LATENCY = "p99_ms"
COSTS = (LATENCY, "size_mb", "train_minutes")


def measure_costs(
    pipeline: Any,
    columns: tuple[Column, ...],
    rows: pd.DataFrame,
    task: Task,
    *,
    fit_s: float,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Measure `p99_ms`, `size_mb` and `train_minutes`.

    Args:
        pipeline: Fitted.
        columns: Its inputs.
        rows: Rows to ask it about, one at a time; at most 200 are used.
        task: What it does.
        fit_s: Seconds that fitting it took.
        clock: Seconds.
    """
    from serving.plan.load import load_plan
    from serving.plan.write import write_plan

    with tempfile.TemporaryDirectory(prefix="penstock-costs-") as scratch, fitting_quietly():
        folder = Path(scratch) / "plan"
        try:
            write_plan(pipeline, columns, folder, task=task)
            plan = load_plan(folder)
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            few = _plain(rows.head(ROWS_ASKED))
            seconds = _ask_each(
                plan.score,
                lambda at, number: [[_anew(cell, number) for cell in few[at]]],
                len(few),
                clock,
            )
        except PlanError:
            size = len(pickle.dumps(pipeline))
            some = rows.head(ROWS_ASKED_WITHOUT_PLAN)
            seconds = _ask_each(
                pipeline.predict, lambda at, number: _row_anew(some, at, number), len(some), clock
            )
    return {
        "p99_ms": 1000 * float(np.percentile(seconds, 99)),
        "size_mb": size / MEGABYTE,
        "train_minutes": fit_s / 60,
    }


def unmet(costs: Mapping[str, float], bounds: Mapping[str, float]) -> str | None:
    """Say which bound the costs break, or None."""
    for name, bound in bounds.items():
        if name in costs and costs[name] > bound:
            return f"{name} {costs[name]:.4g} is above {bound:g}"
    return None


def summed(costs: list[Mapping[str, float]]) -> dict[str, float]:
    """Return what members cost together: they are asked, kept and fitted one after another."""
    return {name: sum(each.get(name, 0.0) for each in costs) for name in COSTS}


def _ask_each(
    ask: Callable[[Any], Any], make: Callable[[int, int], Any], rows: int, clock: Callable[[], float]
) -> list[float]:
    """Return the seconds of each call in the calmest of some rounds: other work on the machine is no cost.

    Args:
        ask: Asks about one row.
        make: Makes the row of a place and a round.
        rows: How many there are.
        clock: Seconds.
    """
    for at in range(min(WARM_UP, rows)):
        ask(make(at, 0))
    rounds: list[list[float]] = []
    for made in range(MOST_ROUNDS):
        if made >= FEWEST_ROUNDS and sum(map(sum, rounds)) > MOST_SECONDS:
            break
        seconds: list[float] = []
        for at in range(rows):
            if sum(seconds) > MOST_SECONDS and at >= FEWEST_ROWS:
                break
            row = make(at, made + 1)
            started = clock()
            ask(row)
            seconds.append(clock() - started)
        rounds.append(seconds)
    return min(rounds, key=lambda seconds: float(np.percentile(seconds, 99)))


def _anew(cell: Any, number: int) -> Any:
    """Return a cell, a free text with another word: what is remembered of a text costs nothing."""
    return f"{cell} {number}" if isinstance(cell, str) and cell.count(" ") >= WORDY else cell


def _row_anew(rows: pd.DataFrame, at: int, number: int) -> pd.DataFrame:
    row = rows.iloc[at : at + 1]
    cells = {str(name): row[name].iloc[0] for name in row.columns}
    texts = {name: _anew(cell, number) for name, cell in cells.items() if isinstance(cell, str)}
    return row.assign(**texts) if texts else row


def _plain(rows: pd.DataFrame) -> list[list[Any]]:
    """Return rows of plain values, gaps as None."""
    cells = rows.astype(object).to_numpy(copy=True)
    cells[pd.isna(rows).to_numpy()] = None
    listed: list[list[Any]] = cells.tolist()
    return listed
