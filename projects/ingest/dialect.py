"""How a text is cut into cells: delimiter, quote, and whether its first row names the columns."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

DELIMITERS = (",", ";", "\t", "|")
RARE_DELIMITERS = (":", " ")
"""Taken only where every row agrees."""
QUOTINGS = (('"', '"'), ('"', "\\"), ("'", "'"), ("", ""))
SAMPLE_CHARACTERS = 256 * 1024
SAMPLE_ROWS = 300
MOST_PREAMBLE = 10
NUMBER = re.compile(r"[-+]?[$€£]?\d[\d,. ]*%?|[-+]?\d*\.?\d+[eE][-+]?\d+")
LENIENT = 0.95
"""How much a dialect is trusted that fits only by forgiving misplaced quotes."""
LONGEST_CELL = 1 << 27
YEAR = re.compile(r"(19|20)\d\d")


@dataclass(frozen=True)
class Dialect:
    """How to cut a text.

    Attributes:
        delimiter: Between cells.
        quote: Around cells, empty if quotes are plain letters.
        escape: Before a quote in a quoted cell: the quote itself, or a backslash.
        skip: Rows before the header or the first row: a title, or a hint about the delimiter.
        header: The names, empty if the first row is data.
        width: Cells a row.
        has_long_lines: Whether some line has more than DuckDB's usual 2 MB.
    """

    delimiter: str
    quote: str = '"'
    escape: str = '"'
    skip: int = 0
    header: tuple[str, ...] = ()
    width: int = 1
    has_long_lines: bool = False


def read_dialect(sample: str, *, is_whole: bool) -> Dialect | None:
    """Tell the dialect from a text's beginning; None if it holds nothing."""
    text = sample if is_whole else sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    text = text.removeprefix("\ufeff")
    hint = re.match(r"sep=(.)\r?\n", text)
    body = text[hint.end() :] if hint else text
    if not body.strip("\r\n\t ,;|"):
        return None
    marks = (hint.group(1),) if hint else DELIMITERS
    best, fit = _best(body, marks)
    if fit < 0.9 and not hint:
        rare, rare_fit = _best(body, RARE_DELIMITERS)
        best = rare if rare_fit == 1.0 else best
    rows = list(_rows(body, best))
    preamble = _preamble(rows)
    found = rows[preamble:]
    header = tuple(found[0]) if has_header(found) else ()
    return replace(best, skip=preamble + bool(hint), header=header, width=len(found[0]))


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns.

    It does not if a cell of it is a number (years in a row may be names), or if most of its texts come
    again further down in their own columns.
    """
    first, body = rows[0], rows[1:]
    if not body:
        return True
    numbers = [cell.strip() for cell in first if NUMBER.fullmatch(cell.strip())]
    if numbers:
        years = [number for number in numbers if YEAR.fullmatch(number)]
        return len(years) == len(numbers) >= 2 and years == sorted(set(years)) and len(first) > len(years)
    filled = [(at, cell) for at, cell in enumerate(first) if cell.strip()]
    again = sum(sum(at < len(row) and row[at] == cell for row in body) >= 2 for at, cell in filled)
    return again * 2 < len(filled) or not filled


def _best(text: str, delimiters: Sequence[str]) -> tuple[Dialect, float]:
    """Choose the quoting that fits best for each delimiter, then the delimiter that gives most columns."""
    found: list[tuple[float, int, int, Dialect]] = []
    for order, mark in enumerate(delimiters):
        dialects = [Dialect(mark, quote, escape) for quote, escape in QUOTINGS]
        fits = [(*_agreement(text, dialect), -rank) for rank, dialect in enumerate(dialects)]
        best = max(range(len(fits)), key=lambda at: (fits[at][0], fits[at][2]))
        found.append((fits[best][0], fits[best][1], -order, dialects[best]))
    share, _, _, dialect = max(found, key=lambda one: one[:3])
    return dialect, share


def _agreement(text: str, dialect: Dialect) -> tuple[float, int]:
    """How well a dialect fits: the share of rows as wide as most, and their width."""
    if dialect.quote == "'" and "'" not in text:
        return 0.0, 0
    try:
        rows, trust = list(_rows(text, dialect, is_strict=True)), 1.0
    except csv.Error:
        rows, trust = list(_rows(text, dialect)), LENIENT
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=widths.count, default=0)
    if usual < 2:
        return 0.0, 0
    if not dialect.quote and any(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in rows[0]):
        trust = LENIENT / 2
    return round(trust * widths.count(usual) / len(widths), 2), usual


def _rows(text: str, dialect: Dialect, *, is_strict: bool = False) -> Iterator[list[str]]:
    for number, row in enumerate(cut(io.StringIO(text, newline=""), dialect, is_strict=is_strict)):
        if number >= SAMPLE_ROWS:
            return
        if any(cell.strip() for cell in row):
            yield row


def cut(lines: "io.TextIOBase", dialect: Dialect, *, is_strict: bool) -> "Iterator[list[str]]":
    """Cut lines into rows of cells."""
    csv.field_size_limit(LONGEST_CELL)
    if not dialect.quote:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    doubles = dialect.escape == dialect.quote
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        doublequote=doubles,
        escapechar=None if doubles else dialect.escape,
        strict=is_strict,
    )


def _preamble(rows: Sequence[Sequence[str]]) -> int:
    """Count the lines of title before the table: rows of one filled cell before rows of several."""
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=widths.count)
    if usual < 2:
        return 0
    for at, row in enumerate(rows[: MOST_PREAMBLE + 1]):
        if len(row) == usual and sum(bool(cell.strip()) for cell in row) > 1:
            return at if all(sum(bool(cell.strip()) for cell in rows[i]) <= 1 for i in range(at)) else 0
    return 0
