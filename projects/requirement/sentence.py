"""A sentence of plain English and the columns there are become a target, a task, a gate and a horizon.

Every step says what it read as what. A sentence that fits two columns equally well, or none, is not guessed
at: the error lists the choices and how to name one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from projects.errors import BadInput
from projects.evaluation.metrics import find_metric
from projects.requirement.choice import choose, named
from projects.requirement.exclusions import left_out, refuse_unclear, refuse_unknown
from projects.requirement.reading import Reading, read
from projects.requirement.seen import ColumnSeen

AskedTask = Literal["auto", "classification", "regression"]
LONGEST = 2000


@dataclass(frozen=True)
class Inference:
    """What a sentence was understood to ask for.

    Attributes:
        target: The column to predict.
        table: The table that holds it.
        task: What to do with it; `auto` where its values decide.
        gate_clauses: Clauses of a gate, as text.
        metric: What candidates are compared by; empty where nothing is said.
        horizon_days: How far ahead, in days; None where nothing is said.
        left_out: Columns that must not be used.
        time_column: The column that orders rows in time, where the sentence looks ahead and there is one.
        reasons: What was inferred and why, a sentence each.
    """

    target: str
    table: str
    task: AskedTask
    gate_clauses: tuple[str, ...]
    metric: str
    horizon_days: float | None
    left_out: tuple[str, ...]
    time_column: str
    reasons: tuple[str, ...]


def infer(
    objective: str, columns: Sequence[ColumnSeen], *, target: str = "", task: AskedTask = "auto"
) -> Inference:
    """Understand an objective.

    Args:
        objective: The sentence.
        columns: The columns of every discovered table.
        target: The column that a person named outright; it wins over the sentence.
        task: The task that a person named outright.

    Raises:
        BadInput: No column fits, or several fit equally well; with the choices.
    """
    if len(objective) > LONGEST:
        raise BadInput(
            f"an objective is a sentence of at most {LONGEST} marks, not {len(objective)}; shorten it"
        )
    if not columns:
        raise BadInput("there are no columns to predict; name data with -P data=FILE")
    reading = read(objective, columns)
    dropped = left_out(reading, columns)
    choice = named(target, columns) if target else choose(reading, columns, dropped)
    column = choice.column
    refuse_unclear(reading, columns, column.name)
    refuse_unknown(reading, columns)
    decided, because = _task(reading, column, task)
    clauses, metric = _measured(reading, decided, column)
    time_column, ahead = _time(reading, columns, column)
    dropped = tuple(name for name in dropped if name != column.name)
    without = [f"left out as the sentence says: {', '.join(dropped)}"] if dropped else []
    reasons = (
        *reading.typos,
        choice.reason,
        because,
        *(each.reason for each in reading.measures),
        *ahead,
        *without,
    )
    days = reading.horizon.days if reading.horizon else None
    return Inference(column.name, column.table, decided, clauses, metric, days, dropped, time_column, reasons)


def _task(reading: Reading, column: ColumnSeen, asked: AskedTask) -> tuple[AskedTask, str]:
    """Decide the task by what was named, by the column's values, and then by the words."""
    wants, name = reading.wants, column.name
    if asked != "auto":
        return asked, f"the task is {asked}, as named"
    if column.kind in {"text", "boolean"}:
        return "classification", f"the task is classification: {name} holds {column.kind}s"
    if not column.can_be_classes:
        return "regression", f"the task is regression: {name} holds {column.distinct} distinct numbers"
    if column.distinct == 2:
        return "classification", f"the task is classification: {name} holds two values"
    if wants.task:
        return wants.task, f"the task is {wants.task}: {wants.why}"
    return "auto", f"the task is left to the values: {name} holds {column.distinct} distinct whole numbers"


def _measured(reading: Reading, task: AskedTask, column: ColumnSeen) -> tuple[tuple[str, ...], str]:
    clauses = tuple(measure.clause for measure in reading.measures if measure.clause)
    scores = [
        metric for each in reading.measures if not (metric := find_metric(each.metric, or_cost=True)).is_cost
    ]
    for metric in scores:
        is_for_numbers = metric.tasks == ("regression",)
        if task != "auto" and is_for_numbers != (task == "regression"):
            raise BadInput(
                f"the sentence asks for {metric.name}, which has no meaning for the {task} of"
                f" {column.described()}; ask for another metric, or name another -P target=COLUMN",
                code="metric_does_not_fit",
            )
    return clauses, scores[0].name if scores else ""


def _time(reading: Reading, columns: Sequence[ColumnSeen], chosen: ColumnSeen) -> tuple[str, list[str]]:
    said = []
    if ahead := reading.horizon:
        known = "the data must hold what is known that long before"
        said.append(f"'{ahead.text}' looks {ahead.days:g} days ahead: {known}")
    if not (reading.horizon or reading.wants.is_forecast):
        return "", said
    dates = [column for column in columns if column.kind == "date" and column.table == chosen.table]
    if len(dates) != 1 or not reading.wants.is_forecast:
        return "", said
    return dates[0].name, [*said, f"a forecast: later rows by {dates[0].name} are held out, not random ones"]
