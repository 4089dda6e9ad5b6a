"""The cheap proof that every cell of a column fits its reading; most columns of most files need no more.

A few plain aggregates cost a tenth of telling each cell's code, so the codes are told only for the columns
that do not pass here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from projects.ingest import date_formats
from projects.ingest.aggregate import Question, ask
from projects.ingest.convert import FALSE_WORDS, TRUE_WORDS, Conversion
from projects.ingest.engine import is_one_of
from projects.ingest.guess import Candidate
from projects.ingest.marks import IN_TEXTS
from projects.ingest.raw import TEXT
from projects.ingest.table import Table
from projects.ingest.tally import FITS, GAP, OTHER, Counts
from projects.ingest.workspace import Workspace

LARGEST_SURE = 1e15
"""Beyond this a DOUBLE may have lost digits."""


def count_perfect(table: Table, candidates: Mapping[int, Candidate], work: Workspace) -> dict[int, Counts]:
    """Count the columns all of whose cells fit; the others are not in the answer.

    Args:
        table: Whose.
        candidates: The reading to try, by the column's number.
        work: Where.
    """
    kinds = table.kinds
    questions = {at: _question(kinds[at], candidate.conversion) for at, candidate in candidates.items()}
    asked = {at: question for at, question in questions.items() if question is not None}
    if not asked:
        return {}
    rows, answers = ask(table, asked, work)
    judged = {at: _judge(rows, part, kinds[at], candidates[at].conversion) for at, part in answers.items()}
    return {at: counts for at, counts in judged.items() if counts is not None}


def _question(kind: str, conversion: Conversion) -> Question | None:
    """Ask what tells whether a column is perfect; None if only its cells' codes can tell."""
    if not _tests("c", "v", kind, conversion):
        return None
    return Question(
        lambda cell: _value(cell, kind, conversion),
        lambda cell, value: _tests(cell, value, kind, conversion),
        (kind, conversion.type, conversion.form),
    )


def _value(cell: str, kind: str, conversion: Conversion) -> str:
    if kind != TEXT or conversion.type in {"text", "boolean"}:
        return cell
    return f"TRY_CAST({cell} AS DOUBLE)" if conversion.type == "number" else date_formats.iso_sql(cell)


def _tests(cell: str, value: str, kind: str, conversion: Conversion) -> list[str]:
    """Give the aggregates to judge a column by, none if only its cells' codes can tell."""
    if kind != TEXT:
        return [f"count_if(isfinite({cell}))" if kind == "DOUBLE" else f"count({cell})"]
    tests: list[str] = []
    if conversion.type == "text":
        tests = [f"count_if({_is_suspect(cell)})"]
    elif conversion.type == "boolean" and conversion.true == TRUE_WORDS:
        tests = [f"count_if({is_one_of(cell, _spelled(words))})" for words in (TRUE_WORDS, FALSE_WORDS)]
    elif conversion.form == "iso":
        tests = [f"count({value})", f"count_if({value} != date_trunc('day', {value}))"]
    elif conversion.type == "number" and conversion.form == "plain":
        tests = [
            f"count({value})", f"min({value})", f"max({value})", f"bool_and({value} = trunc({value}))",
            f"count_if({cell} >= '00' AND {cell} < '0:')", f"count_if(contains({cell}, '_'))",
        ]  # fmt: skip
    return [f"count({cell})", *tests] if tests else []


def _is_suspect(cell: str) -> str:
    """Write a test that every mark of a gap passes, and few others."""
    has_blanks = f"{cell} < '!' OR ends_with({cell}, ' ') OR starts_with({cell}, chr(160))"
    return f"{is_one_of(cell, IN_TEXTS)} OR {has_blanks}"


def _spelled(words: Sequence[str]) -> list[str]:
    return [form for word in words for form in (word, word.upper(), word.capitalize())]


def _judge(rows: int, part: Sequence[Any], kind: str, conversion: Conversion) -> Counts | None:
    filled, *rest = (0 if value is None else value for value in part)
    if kind != TEXT or filled == 0:
        return _counts(rows, filled)
    if conversion.type == "text":
        return None if rest[0] else _counts(rows, filled)
    if conversion.type == "boolean":
        return _counts(rows, filled, rest[1]) if rest[0] + rest[1] == filled else None
    if rest[0] != filled:
        return None
    return (
        _counts(rows, filled, rest[1])
        if conversion.type == "date"
        else _number(rows, filled, rest, conversion)
    )


def _number(rows: int, filled: int, rest: Sequence[Any], conversion: Conversion) -> Counts | None:
    _, low, high, is_whole, codes, underscores = rest
    if codes or underscores or not -LARGEST_SURE < low <= high < LARGEST_SURE:
        return None
    return _counts(rows, filled, 0 if is_whole and conversion.whole else filled)


def _counts(rows: int, filled: int, other: int = 0) -> Counts:
    cells = [0] * 7
    cells[GAP], cells[FITS], cells[OTHER] = rows - filled, filled - other, other
    return Counts(rows, tuple(cells))
