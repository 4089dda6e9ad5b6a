"""A delimited text that strict reading stumbles over, written anew with rows of one width."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from projects.counted import agreeing, counted
from projects.ingest.dialect import Dialect, cut
from projects.ingest.raw import FoundFile, Unreadable

TOLERANCE = 0.001
MOST_BROKEN = 1000
SHOWN = 3


@dataclass(frozen=True)
class Rewritten:
    """What was written, and what a person should know of it."""

    rows: int
    notices: tuple[str, ...]


@dataclass
class _Tally:
    width: int
    rows: int = 0
    short: int = 0
    trimmed: int = 0
    long: list[str] = field(default_factory=list)
    skipped: int = 0


def rewrite(path: Path, target: Path, dialect: Dialect, file: FoundFile) -> Rewritten:
    """Write a text as UTF-8 with commas, the header first if there is one.

    Short rows are filled up with gaps, empty cells beyond the last column are cut off. Rows with other cells
    beyond are left out when they are few (1 in 1,000 and at most 1,000).

    Raises:
        Unreadable: More rows than that are too long, or the text cannot be cut.
    """
    tally = _Tally(dialect.width)
    with (
        path.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows(_whole_rows(source, dialect, tally, file))
    tally.rows -= bool(dialect.header)
    if tally.skipped > min(MOST_BROKEN, TOLERANCE * tally.rows):
        have = agreeing(tally.skipped, "has")
        rows = f"{tally.skipped:,} of its rows {have} more cells than the {dialect.width} of the header"
        raise Unreadable(f"'{file.shown}' cannot be read as a table; {rows}: {'; '.join(tally.long)}")
    return Rewritten(tally.rows, tuple(_notices(tally)))


def _whole_rows(source: "object", dialect: Dialect, tally: _Tally, file: FoundFile) -> Iterator[list[str]]:
    rows = cut(source, dialect, is_strict=False)  # type: ignore[arg-type]  # any iterator of lines
    left = dialect.skip
    try:
        for row in rows:
            if not row or (len(row) == 1 and dialect.width > 1 and not row[0].strip()):
                continue
            if left:
                left -= 1
                continue
            if (whole := _whole(row, tally, f"line {getattr(rows, 'line_num', '?')}")) is not None:
                tally.rows += 1
                yield whole
    except csv.Error as error:
        raise Unreadable(f"'{file.shown}' cannot be read as a table; {error}") from error


def _whole(row: list[str], tally: _Tally, place: str) -> list[str] | None:
    missing = tally.width - len(row)
    if missing == 0:
        return row
    if missing > 0:
        tally.short += 1
        return row + [""] * missing
    if not any(cell.strip() for cell in row[tally.width :]):
        tally.trimmed += 1
        return row[: tally.width]
    tally.skipped += 1
    if len(tally.long) < SHOWN:
        tally.long.append(f"{place} has {len(row)}: {','.join(row)[:60]}")
    return None


def _notices(tally: _Tally) -> Iterator[str]:
    if tally.short:
        yield f"{counted(tally.short, 'row')} with fewer cells than the header got gaps"
    if tally.trimmed:
        yield f"empty cells beyond the last column were cut off in {counted(tally.trimmed, 'row')}"
    if tally.skipped:
        rows = counted(tally.skipped, "row")
        yield f"left out {rows} with more cells than columns: {'; '.join(tally.long)}"
