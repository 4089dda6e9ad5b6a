"""The same aggregates over many columns of a SELECT, in as few passes as DuckDB plans well."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projects.ingest.cutting import shared
from projects.ingest.engine import WIDE
from projects.ingest.pieces import Share
from projects.ingest.spread import asked
from projects.ingest.table import Table
from projects.ingest.workspace import Workspace

COLUMNS_AT_ONCE = 400
LONG_AT_ONCE = 1000


@dataclass(frozen=True)
class Question:
    """What is asked of a column.

    Attributes:
        value: The SQL of a value made of its cell, given the cell's.
        aggregates: The SQL of the aggregates, given the cell's and the value's.
        group: What two columns with the same question have in common.
    """

    value: Callable[[str], str]
    aggregates: Callable[[str, str], list[str]]
    group: Hashable


def ask(
    table: Table, questions: Mapping[int, Question], work: Workspace
) -> tuple[int, dict[int, Sequence[Any]]]:
    """Ask columns c0, c1 ... of a table; return how many rows there are and each column's answers.

    A wide table's columns are asked as one long column, grouped by number: DuckDB would take minutes to
    plan thousands of aggregates side by side.
    """
    answers: dict[int, Sequence[Any]] = {}
    rows = 0
    if len(table.names) <= WIDE:
        shares = shared(table, work)
        columns = list(questions)
        for start in range(0, len(columns), COLUMNS_AT_ONCE):
            some = {at: questions[at] for at in columns[start : start + COLUMNS_AT_ONCE]}
            rows, found = _side_by_side(table, some, shares, work)
            answers |= found
        return rows, answers
    for group in {question.group: None for question in questions.values()}:
        columns = [at for at, question in questions.items() if question.group == group]
        for start in range(0, len(columns), LONG_AT_ONCE):
            some = {at: questions[at] for at in columns[start : start + LONG_AT_ONCE]}
            rows, found = _one_long_column(table.sql, some, work)
            answers |= found
    return rows, answers


def _side_by_side(
    table: Table, questions: Mapping[int, Question], shares: list[Share] | None, work: Workspace
) -> tuple[int, dict[int, Sequence[Any]]]:
    values = ", ".join(f"c{at}, {question.value(f'c{at}')} AS v{at}" for at, question in questions.items())
    told = {at: question.aggregates(f"c{at}", f"v{at}") for at, question in questions.items()}
    every = ["count(*)", *(part for parts in told.values() for part in parts)]
    if shares is None or work.crew is None:
        row = list(work.rows(f"SELECT {', '.join(every)} FROM (SELECT {values} FROM ({table.sql}))")[0])
    else:
        row = asked(every, values, shares, work.crew)
    rows, found = int(row.pop(0)), dict[int, Sequence[Any]]()
    for at, parts in told.items():
        found[at], row = row[: len(parts)], row[len(parts) :]
    return rows, found


def _one_long_column(
    source: str, questions: Mapping[int, Question], work: Workspace
) -> tuple[int, dict[int, Sequence[Any]]]:
    columns = list(questions)
    question = questions[columns[0]]
    cells = ", ".join(f"c{at}" for at in columns)
    long = f"SELECT unnest([{cells}]) AS c, unnest(range({len(columns)})) AS n FROM ({source})"
    told = ", ".join(question.aggregates("c", "v"))
    found = work.rows(
        f"SELECT n, count(*), {told} FROM (SELECT n, c, {question.value('c')} AS v FROM ({long})) GROUP BY n"
    )
    rows = int(found[0][1]) if found else 0
    return rows, {columns[row[0]]: row[2:] for row in found}
