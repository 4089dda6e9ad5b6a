"""What each column of a table is, told by all of its rows: a sample proposes, one counting pass decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from projects.counted import counted
from projects.ingest.convert import Conversion
from projects.ingest.count import EXAMPLES, code_sql, count_cells
from projects.ingest.cutting import shared
from projects.ingest.decide import Decision, decide
from projects.ingest.fix import NO_FIX, Fix
from projects.ingest.guess import NUMBER_READING, TEXT_READING, Candidate, forced, guess, wider
from projects.ingest.marks import IN_TEXTS
from projects.ingest.raw import TEXT
from projects.ingest.spread import first_rows
from projects.ingest.table import Table
from projects.ingest.tally import GAP, ODD, Counts
from projects.ingest.workspace import Workspace

SAMPLE_CELLS = 1_000_000
SAMPLE_ROWS = 20_000
DISTINCT = 400
SHOWN = 3
ROUNDS = 4
"""Readings that are tried at most before a column is text; a column seldom needs more than one."""


@dataclass(frozen=True)
class Reading:
    """How a column is read.

    Attributes:
        name: The column.
        kind: Its DuckDB type as it came.
        conversion: How its cells become values.
        rows: All its cells.
        gaps: Those without anything in them.
        marks: The texts that stand for a gap, and how often.
        odd: Cells that fit nothing and become gaps.
        odd_examples: Some of them.
        examples: Some cells as they came, and their values.
        notes: What a person should know.
    """

    name: str
    kind: str
    conversion: Conversion
    rows: int
    gaps: int = 0
    marks: Mapping[str, int] = field(default_factory=dict)
    odd: int = 0
    odd_examples: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """Cells without a value once converted."""
        return self.gaps + sum(self.marks.values()) + self.odd

    @property
    def has_marks(self) -> bool:
        """Whether any cell is more than its value or nothing."""
        return bool(self.marks) or self.odd > 0


@dataclass
class _Column:
    """A column on its way to a reading."""

    at: int
    name: str
    kind: str
    fix: Fix
    values: tuple[str, ...]
    candidate: Candidate
    is_target: bool
    tried: list[Conversion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reading: Reading | None = None

    def settle(self, counts: Counts, work: Workspace, *, is_last: bool) -> None:
        """Take the reading that the counts allow, or choose the next one to try."""
        is_forced = self.fix.type is not None or bool(self.fix.formats or self.fix.decimal)
        made = decide(self.candidate, counts, self.kind, is_forced=is_forced, is_target=self.is_target)
        self.notes += made.notes
        was = self.candidate.conversion
        self.tried.append(was)
        if made.conversion is None:
            self._go_on(counts, work, is_last=is_last)
        elif made.conversion.type == "text" and was.type != "text" and counts.filled and self.kind == TEXT:
            self.candidate = TEXT_READING
        else:
            self._finish(made, counts)

    def _go_on(self, counts: Counts, work: Workspace, *, is_last: bool) -> None:
        seen = [value for value in self.values if value not in counts.odd]
        following = wider(self.candidate, counts.odd, seen, self.name, work)
        if is_last or following.conversion in self.tried:
            following = TEXT_READING
        odd = counts.cells[ODD]
        if following == TEXT_READING and odd * 2 < counts.filled:
            wanted, shown = self.tried[0].type, ", ".join(map(repr, counts.odd[:3]))
            cells = f"{odd:,} of {counted(counts.filled, 'cell')} hold no {wanted}, such as {shown}"
            self.notes.append(f"text, because {cells}; cleaning.columns can make it a {wanted}")
        self.candidate = following

    def _finish(self, made: Decision, counts: Counts) -> None:
        conversion = made.conversion or TEXT_READING.conversion
        if self.fix.missing or self.fix.not_missing:
            conversion = replace(conversion, missing=marks_of(self.fix))
        odd = counts.odd[:EXAMPLES] if made.odd else ()
        self.reading = Reading(
            self.name, self.kind, conversion, counts.rows, counts.cells[GAP], counts.marks, made.odd, odd,
            notes=tuple(self.notes),
        )  # fmt: skip


def infer(table: Table, fixes: Mapping[str, Fix], target: str, work: Workspace) -> tuple[Reading, ...]:
    """Tell how each column of a table is read.

    Args:
        table: Which.
        fixes: What a person has fixed, by column.
        target: The column to predict, empty if it is not known.
        work: Where.
    """
    columns = _columns(table, fixes, target, work)
    marks = {
        column.at: marks_of(column.fix) for column in columns if column.fix.missing or column.fix.not_missing
    }
    for left in reversed(range(ROUNDS)):
        open_ = {column.at: column for column in columns if column.reading is None}
        if not open_:
            break
        trying = {at: column.candidate for at, column in open_.items()}
        counts = count_cells(table, trying, marks, work)
        for at, column in open_.items():
            column.settle(counts[at], work, is_last=left <= 1)
    return tuple(
        _with_odd_rows(_with_examples(column, work), column, table, marks, work) for column in columns
    )


def marks_of(fix: Fix) -> tuple[str, ...]:
    """Give the texts that stand for a gap in a corrected column."""
    return tuple(mark for mark in dict.fromkeys((*IN_TEXTS, *fix.missing)) if mark not in fix.not_missing)


def _columns(table: Table, fixes: Mapping[str, Fix], target: str, work: Workspace) -> list[_Column]:
    columns = []
    for at, values in enumerate(_sample(table, work)):
        name, kind, fix = table.names[at], table.kinds[at], fixes.get(table.names[at], NO_FIX)
        if kind != TEXT:
            candidate = NUMBER_READING
        elif fix.formats or fix.decimal or fix.type is not None:
            candidate = forced(fix, values, name, work)
        else:
            candidate = guess(values, name, work)
        columns.append(_Column(at, name, kind, fix, values, candidate, name == target))
    return columns


def _sample(table: Table, work: Workspace) -> list[tuple[str, ...]]:
    """Read some distinct texts of every column."""
    import pyarrow.compute as pc

    rows = max(min(SAMPLE_ROWS, SAMPLE_CELLS // len(table.names)), 200)
    found = work.engine.sql(table.sample_sql(rows)).to_arrow_table()
    texts: list[tuple[str, ...]] = []
    for at, kind in enumerate(table.kinds):
        values = pc.unique(found.column(at)).drop_null().slice(0, DISTINCT) if kind == TEXT else ()
        texts.append(tuple(value.as_py() for value in values))
    return texts


def _with_odd_rows(
    reading: Reading, column: _Column, table: Table, marks: Mapping[int, tuple[str, ...]], work: Workspace
) -> Reading:
    """Say where the first cells stand that fit nothing and become gaps."""
    if not reading.odd:
        return reading
    code = code_sql(f"c{column.at}", column.candidate, marks.get(column.at))
    shares = shared(table, work)
    source = "piece" if shares else f"({table.sql})"
    cells = f"SELECT row_number() OVER () AS n, c{column.at} AS v, {code} AS k FROM {source}"
    sql = f"SELECT n, v FROM ({cells}) WHERE k = {ODD} ORDER BY n LIMIT {SHOWN}"
    found = first_rows(sql, SHOWN, shares, work.crew) if shares and work.crew else work.rows(sql)
    shown = ", ".join(f"{value!r} (row {row:,})" for row, value in found)
    note = f"{counted(reading.odd, 'cell')} without a {reading.conversion.type} became gaps: {shown}"
    return replace(reading, notes=(*reading.notes, note))


def _with_examples(column: _Column, work: Workspace) -> Reading:
    reading = column.reading
    if reading is None:
        raise RuntimeError(f"column '{column.name}' was left without a reading")
    values = [value for value in column.values if value.strip()][:SHOWN]
    if not values or reading.conversion.form == "plain":
        return replace(reading, examples=tuple((value, value) for value in values))
    rows = work.rows(
        f"SELECT v, CAST({reading.conversion.sql('v')} AS VARCHAR) FROM (SELECT unnest(?::VARCHAR[]) AS v)",
        [values],
    )
    return replace(
        reading, examples=tuple((str(raw), str(value)) for raw, value in rows if value is not None)
    )
