"""Workbooks: every sheet that holds rows is a table."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from projects.ingest.dialect import has_header
from projects.ingest.names import clean_names, table_name
from projects.ingest.raw import TEXT, Facts, FoundFile, RawTable, Unreadable
from projects.ingest.staging import READING, as_text, stage
from projects.ingest.text_file import plain_stem
from projects.ingest.workbook_bounds import check_workbook
from projects.ingest.workspace import Workspace

LOOKED_AT = 200


def read_workbook(file: FoundFile, kind: str, facts: Facts, work: Workspace) -> list[RawTable]:
    """Read every sheet of an Excel or OpenDocument workbook.

    Raises:
        Unreadable: It is broken, encrypted or too large, or no sheet holds rows.
    """
    import python_calamine

    if kind != "xls":
        check_workbook(file, kind)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(file.path)) as book:
            parts = list(book.sheet_names)
            tables = [
                _sheet(book.get_sheet_by_name(part), part if len(parts) > 1 else "", file, facts, work)
                for part in parts
            ]
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise Unreadable(f"'{file.shown}' cannot be read as {kind}; {error}") from error
    found = [table for table in tables if table is not None]
    if not found:
        raise Unreadable(f"'{file.shown}' is a workbook without rows")
    return found


def _sheet(sheet: Any, part: str, file: FoundFile, facts: Facts, work: Workspace) -> RawTable | None:
    rows = (row for row in sheet.iter_rows() if any(cell not in {"", None} for cell in row))
    first = _from_header(list(islice(rows, LOOKED_AT)))
    if not first or len(first) < 2:
        return None
    texts = [[as_text(cell) or "" for cell in row] for row in first]
    titled = has_header(texts)
    header = texts[0] if titled else [f"column_{at}" for at in range(1, len(first[0]) + 1)]
    names = clean_names(header)
    path = work.new_path(".parquet")
    width = len(header)
    count = stage(path, chain(_padded(first[titled:], width), _padded(rows, width)), width)
    shown = f"{file.shown}#{part}" if part else file.shown
    told = Facts(shown, facts.format, facts.sha256, facts.size_bytes, has_header=titled, rows=count)
    notices: tuple[str, ...] = () if titled else ("no header: columns are numbered",)
    if names.changes:
        notices += (f"columns renamed: {', '.join(names.changes[:5])}",)
    stem = plain_stem(file.shown)
    label = table_name(f"{stem}_{part}" if part else stem)
    return RawTable(label, told, READING, (path,), names.clean, (TEXT,) * width, notices)


def _from_header(rows: list[list[Any]]) -> list[list[Any]]:
    """Leave out lines of title: rows of one filled cell before rows of several."""
    filled = [sum(cell not in {"", None} for cell in row) for row in rows]
    if max(filled, default=0) < 2:
        return rows
    start = next(at for at, count in enumerate(filled) if count > 1)
    return rows[start:]


def _padded(rows: "Iterator[list[Any]] | list[list[Any]]", width: int) -> Iterator[Sequence[object]]:
    for row in rows:
        yield row if len(row) >= width else [*row, *[""] * (width - len(row))]
