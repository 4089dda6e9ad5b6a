"""The cheap proof that every cell of a column fits its reading; most columns of most files need no more.

A few plain aggregates cost a tenth of telling each cell's code, so the codes are told only for the columns
that do not pass here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from projects.ingest import date_formats
from projects.ingest.convert import FALSE_WORDS, TRUE_WORDS, Conversion
from projects.ingest.engine import is_one_of
from projects.ingest.guess import Candidate
from projects.ingest.marks import IN_TEXTS
from projects.ingest.raw import TEXT
from projects.ingest.tally import FITS, GAP, OTHER, Counts
from projects.ingest.workspace import Workspace

LARGEST_SURE = 1e15
"""Beyond this a DOUBLE may have lost digits."""
COLUMNS_AT_ONCE = 500
WIDE_AT_ONCE = 60
"""Of tables with more columns than that: DuckDB plans many aggregates slower than a few at a time."""


def count_perfect(
    source: str, candidates: Mapping[int, Candidate], kinds: Sequence[str], work: Workspace
) -> dict[int, Counts]:
    """Count the columns all of whose cells fit; the others are not in the answer.

    Args:
        source: A SELECT of columns c0, c1 ...
        candidates: The reading to try, by the column's number.
        kinds: The columns' DuckDB types.
        work: Where.
    """
    asked = [at for at, candidate in candidates.items() if _tests(at, kinds[at], candidate.conversion)]
    counts: dict[int, Counts] = {}
    at_once = COLUMNS_AT_ONCE if len(kinds) <= COLUMNS_AT_ONCE else WIDE_AT_ONCE
    for start in range(0, len(asked), at_once):
        some = asked[start : start + at_once]
        parts = {at: _tests(at, kinds[at], candidates[at].conversion) for at in some}
        values = ", ".join(
            f"c{at}, {_value(at, kinds[at], candidates[at].conversion)} AS v{at}" for at in some
        )
        told = ", ".join(test for tests in parts.values() for test in tests)
        row = list(work.rows(f"SELECT count(*), {told} FROM (SELECT {values} FROM ({source}))")[0])
        rows = int(row.pop(0))
        for at, tests in parts.items():
            part, row = row[: len(tests)], row[len(tests) :]
            found = _judge(rows, part, kinds[at], candidates[at].conversion)
            counts |= {at: found} if found is not None else {}
    return counts


def _value(at: int, kind: str, conversion: Conversion) -> str:
    if kind != TEXT or conversion.type in {"text", "boolean"}:
        return f"c{at}"
    return f"TRY_CAST(c{at} AS DOUBLE)" if conversion.type == "number" else date_formats.iso_sql(f"c{at}")


def _tests(at: int, kind: str, conversion: Conversion) -> list[str]:
    """Give the aggregates to judge a column by, none if only its cells' codes can tell."""
    cell, value = f"c{at}", f"v{at}"
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
