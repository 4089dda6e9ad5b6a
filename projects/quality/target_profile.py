"""What the target is, and what each column tells of it."""

from typing import Any

import numpy as np
import pandas as pd

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.engine import name_of
from projects.quality.distinct import Presence
from projects.quality.model import TargetProfile
from projects.quality.relations import relations
from projects.quality.table import Table
from projects.quality.truth import Task
from projects.target import MOST_WHOLE_NUMBER_CLASSES

SHOWN_CLASSES = 100


def check_target(table: Table, target: str) -> None:
    """Refuse a target that is not there.

    Raises:
        BadInput: There is no such column.
    """
    if target and target not in table.kinds:
        raise BadInput(f"there is no column '{target}' to predict; {did_you_mean(target, table.kinds)}")


def task_of(table: Table, target: str, presence: Presence) -> Task:
    """Return the task that a target makes, as training takes it."""
    kind = table.kinds[target]
    if kind == "date":
        return "regression"
    if kind == "number":
        whole = f"count(*) FILTER ({table.usable(target)} <> floor({table.usable(target)}))"
        if (
            presence.distinct > MOST_WHOLE_NUMBER_CLASSES
            or table.fetch(f"SELECT {whole} FROM {table.source}")[0][0]
        ):
            return "regression"
    return "binary" if presence.distinct == 2 else "multiclass"


def target_profile(
    table: Table, target: str, presence: Presence, frame: pd.DataFrame, task: Task
) -> TargetProfile:
    """Profile the target.

    Args:
        table: The table.
        target: The column.
        presence: How it is filled.
        frame: Rows of the table as training reads them.
        task: What it makes of the task.
    """
    truth = frame[target]
    if task != "regression" and truth.dtype == np.float64:
        truth = truth.astype(object).where(truth.notna(), None)
    held = truth.notna().to_numpy()
    others: Any = frame.drop(columns=target)[held]
    dates = {name: _moments(others[name]) for name in table.named("date") if name in others}
    return TargetProfile(
        name=target,
        task=task,
        missing=table.rows - presence.held,
        classes=() if task == "regression" else _classes(table, target),
        relations=relations(others.assign(**dates), truth[held]) if presence.distinct > 1 else (),
    )


def _moments(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Turn ISO texts into seconds since 1970."""
    moments = pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
    return (moments - pd.Timestamp(0, tz="UTC")).dt.total_seconds()


def _classes(table: Table, target: str) -> tuple[tuple[str, int], ...]:
    cell = name_of(target)
    return tuple(
        (str(level), int(times))
        for level, times in table.fetch(
            f"SELECT CAST({cell} AS VARCHAR), count(*) FROM {table.source}"
            f" WHERE {table.held(target)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {SHOWN_CLASSES}"
        )
    )
