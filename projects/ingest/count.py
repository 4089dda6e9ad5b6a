"""One pass over all rows that counts, for every column, which cells fit the reading that is tried."""

from collections.abc import Mapping, Sequence
from typing import Any

from projects.ingest import date_formats, styled
from projects.ingest.aggregate import Question, ask
from projects.ingest.convert import PLAIN_GUARD
from projects.ingest.engine import is_one_of, list_of
from projects.ingest.guess import Candidate
from projects.ingest.marks import IN_TEXTS, IN_VALUES, is_mark_sql
from projects.ingest.perfect import count_perfect
from projects.ingest.raw import TEXT
from projects.ingest.table import Table
from projects.ingest.tally import BOTH, CODE, FITS, GAP, MARK, ODD, OTHER, Counts
from projects.ingest.workspace import Workspace

EXAMPLES = 10
COUNTED = (MARK, ODD, CODE, OTHER, BOTH)
"""Gaps and what fits follow from these."""


def count_cells(
    table: Table,
    candidates: Mapping[int, Candidate],
    marks: Mapping[int, tuple[str, ...]],
    work: Workspace,
) -> dict[int, Counts]:
    """Count the cells of a table's columns.

    Args:
        table: Which.
        candidates: The reading to try, by the column's number.
        marks: The marks of gaps where they are not the usual ones, by the column's number.
        work: Where.
    """
    usual = {
        at: candidate for at, candidate in candidates.items() if at not in marks or table.kinds[at] != TEXT
    }
    counts = count_perfect(table, usual, work)
    questions = {
        at: _question(candidate, marks.get(at)) for at, candidate in candidates.items() if at not in counts
    }
    if questions:
        rows, answers = ask(table, questions, work)
        counts |= {at: _counts(rows, part) for at, part in answers.items()}
    return counts


def _question(candidate: Candidate, marks: tuple[str, ...] | None) -> Question:
    return Question(lambda cell: code_sql(cell, candidate, marks), _aggregates, (candidate, marks))


def _aggregates(cell: str, code: str) -> list[str]:
    # CASE keeps the dear ones to the few cells that they are about.
    odd = f"CASE WHEN {code} = {ODD} THEN {cell} END"
    return [
        f"count({cell})",
        *(f"count_if({code} = {counted})" for counted in COUNTED),
        f"histogram(CASE WHEN {code} = {MARK} THEN trim({cell}) END)",
        f"min({odd}, {EXAMPLES})",
        f"max({odd}, {EXAMPLES})",
    ]


def _counts(rows: int, part: Sequence[Any]) -> Counts:
    cells = [0] * 7
    cells[GAP] = rows - int(part[0])
    for code, count in zip(COUNTED, part[1:-3], strict=True):
        cells[code] = int(count)
    cells[FITS] = int(part[0]) - sum(cells[code] for code in COUNTED)
    marks, low, high = part[-3:]
    odd = tuple(dict.fromkeys([*(low or ()), *(high or ())]))
    return Counts(rows, tuple(cells), dict(marks or {}), odd)


def code_sql(column: str, candidate: Candidate, marks: tuple[str, ...] | None = None) -> str:
    """Write the code of a cell under a reading."""
    if candidate.conversion.type == "text":
        mark = is_mark_sql(column, IN_TEXTS if marks is None else marks, folds=False)
        return _case(column, f"WHEN {mark} THEN {MARK} ELSE {FITS}")
    folded = IN_VALUES if marks is None else (IN_VALUES - set(IN_TEXTS)) | {mark.casefold() for mark in marks}
    mark = is_mark_sql(column, tuple(sorted(folded)), folds=True)
    # A number such as -999 may have been declared to stand for a gap.
    declared = f"WHEN {is_mark_sql(column, marks, folds=False)} THEN {MARK} " if marks is not None else ""
    return _case(column, f"{declared}{_fits(column, candidate)} WHEN {mark} THEN {MARK} ELSE {ODD}")


def _case(column: str, rest: str) -> str:
    return f"CAST(CASE WHEN {column} IS NULL THEN {GAP} {rest} END AS TINYINT)"


def _fits(column: str, candidate: Candidate) -> str:
    conversion = candidate.conversion
    if conversion.type == "number":
        return _fits_number(column, candidate)
    if conversion.type == "boolean":
        cell = f"lower(trim({column}))"
        true, false = is_one_of(cell, conversion.true), is_one_of(cell, conversion.false)
        return f"WHEN {true} THEN {FITS} WHEN {false} THEN {OTHER}"
    if conversion.form == "iso":
        iso = date_formats.iso_sql(column)
        is_day = f"{iso} = date_trunc('day', {iso})"
        return f"WHEN {iso} IS NOT NULL THEN CASE WHEN {is_day} THEN {FITS} ELSE {OTHER} END"
    return _fits_date(column, candidate)


def _fits_number(column: str, candidate: Candidate) -> str:
    is_code = f"({column} >= '00' AND {column} < '0:')"
    if candidate.conversion.form == "styled":
        point, comma = styled.fits_sql(column, "."), styled.fits_sql(column, ",")
        return (
            f"WHEN {point} THEN CASE WHEN {is_code} THEN {CODE} WHEN {comma} THEN {BOTH} ELSE {FITS} END"
            f" WHEN {comma} THEN CASE WHEN {is_code} THEN {CODE} ELSE {OTHER} END"
        )
    number = f"TRY_CAST({column} AS DOUBLE)"
    has_point = f"(contains({column}, '.') OR contains({column}, 'e') OR contains({column}, 'E'))"
    is_long = f"(strlen({column}) > 15 AND NOT {has_point} AND TRY_CAST({column} AS BIGINT) IS NULL)"
    return (
        f"WHEN isfinite({number}) AND {PLAIN_GUARD.format(x=column)} THEN"
        f" CASE WHEN {is_code} OR {is_long} THEN {CODE} WHEN {has_point} THEN {OTHER} ELSE {FITS} END"
    )


def _fits_date(column: str, candidate: Candidate) -> str:
    first = date_formats.value_sql(column, candidate.conversion.formats)
    if not candidate.swapped:
        return f"WHEN {first} IS NOT NULL THEN {FITS}"
    other = f"try_strptime(trim({column}), {list_of(candidate.swapped)})"
    return (
        f"WHEN {first} IS NOT NULL THEN CASE WHEN {other} IS NULL THEN {FITS}"
        f" WHEN {other} = {first} THEN {CODE} ELSE {BOTH} END WHEN {other} IS NOT NULL THEN {OTHER}"
    )
