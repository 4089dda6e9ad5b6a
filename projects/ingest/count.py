"""One pass over all rows that counts, for every column, which cells fit the reading that is tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from projects.ingest import date_formats, styled
from projects.ingest.convert import PLAIN_GUARD
from projects.ingest.engine import list_of, text_of
from projects.ingest.guess import Candidate
from projects.ingest.marks import IN_TEXTS, IN_VALUES, is_mark_sql
from projects.ingest.raw import TEXT
from projects.ingest.workspace import Workspace

GAP, FITS, MARK, ODD, CODE, OTHER, BOTH = range(7)
"""What a cell is: missing; of the reading; a mark of a gap; something else; digits that are a code (leading
zeros, too long for a number); of the reading's second form; of both forms. The second form of plain numbers
has decimals, of styled ones a decimal comma, of ISO dates a time of day, of booleans false, of other dates
day and month changed about (there, a CODE means the same both ways)."""
COLUMNS_AT_ONCE = 300
EXAMPLES = 10


@dataclass(frozen=True)
class Counts:
    """How many cells of a column are what; see the codes above.

    Attributes:
        rows: All cells.
        cells: How many of each code.
        marks: The marks found, and how often.
        odd: Some of the cells that are something else.
    """

    rows: int
    cells: tuple[int, ...]
    marks: Mapping[str, int] = field(default_factory=dict)
    odd: tuple[str, ...] = ()

    @property
    def filled(self) -> int:
        """Cells that hold something."""
        return self.rows - self.cells[GAP] - self.cells[MARK]


def count_cells(
    source: str, candidates: Mapping[int, Candidate], kinds: Sequence[str], marks: Mapping[int, tuple[str, ...]],
    work: Workspace,
) -> dict[int, Counts]:  # fmt: skip
    """Count the cells of columns c0, c1 ... of a SELECT.

    Args:
        source: The SELECT.
        candidates: The reading to try, by the column's number.
        kinds: The columns' DuckDB types.
        marks: The marks of gaps where they are not the usual ones, by the column's number.
        work: Where.
    """
    counts: dict[int, Counts] = {}
    columns = list(candidates)
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        some = columns[start : start + COLUMNS_AT_ONCE]
        counts |= _count_some(source, {at: candidates[at] for at in some}, kinds, marks, work)
    return counts


def _count_some(
    source: str, candidates: Mapping[int, Candidate], kinds: Sequence[str], marks: Mapping[int, tuple[str, ...]],
    work: Workspace,
) -> dict[int, Counts]:  # fmt: skip
    codes = [
        f"c{at}, {code_sql(f'c{at}', kinds[at], candidate, marks.get(at))} AS k{at}"
        for at, candidate in candidates.items()
    ]
    told = [part for at in candidates for part in _aggregates(at, kinds[at])]
    row = work.rows(f"SELECT count(*), {', '.join(told)} FROM (SELECT {', '.join(codes)} FROM ({source}))")[0]
    rows, each = int(row[0]), len(told) // len(candidates)
    parts = [row[1 + each * nth : 1 + each * (nth + 1)] for nth in range(len(candidates))]
    return {at: _counts(rows, part) for at, part in zip(candidates, parts, strict=True)}


def _aggregates(at: int, kind: str) -> list[str]:
    cells = [f"count(*) FILTER (WHERE k{at} = {code})" for code in range(7)]
    if kind != TEXT:
        return [*cells, "NULL", "NULL", "NULL"]
    odd = f"FILTER (WHERE k{at} = {ODD})"
    return [
        *cells,
        f"histogram(trim(c{at})) FILTER (WHERE k{at} = {MARK})",
        f"min(c{at}, {EXAMPLES}) {odd}",
        f"max(c{at}, {EXAMPLES}) {odd}",
    ]


def _counts(rows: int, part: Sequence[Any]) -> Counts:
    marks, low, high = part[7:10]
    odd = tuple(dict.fromkeys([*(low or ()), *(high or ())]))
    return Counts(rows, tuple(int(count) for count in part[:7]), dict(marks or {}), odd)


def code_sql(column: str, kind: str, candidate: Candidate, marks: tuple[str, ...] | None = None) -> str:
    """Write the code of a cell under a reading."""
    if kind != TEXT:
        odd = f" WHEN NOT isfinite({column}) THEN {GAP}" if kind == "DOUBLE" else ""
        return f"CAST(CASE WHEN {column} IS NULL THEN {GAP}{odd} ELSE {FITS} END AS TINYINT)"
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
        true, false = (", ".join(map(text_of, words)) for words in (conversion.true, conversion.false))
        return f"WHEN {cell} IN ({true}) THEN {FITS} WHEN {cell} IN ({false}) THEN {OTHER}"
    if conversion.form == "iso":
        iso = date_formats.iso_sql(column)
        return f"WHEN {iso} IS NOT NULL THEN CASE WHEN {iso} = date_trunc('day', {iso}) THEN {FITS} ELSE {OTHER} END"
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
