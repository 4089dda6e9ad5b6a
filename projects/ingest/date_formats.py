"""The ways in which people write a date, and which of them a column's cells are written in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from projects.ingest.engine import list_of, text_of
from projects.ingest.workspace import Workspace

DAY_FIRST = tuple(f"%d{mark}%m{mark}{year}" for mark in "/.-" for year in ("%y", "%Y"))
MONTH_FIRST = tuple(f"%m{mark}%d{mark}{year}" for mark in "/.-" for year in ("%y", "%Y"))
"""Years of two digits come first: the others would read `03` as the year 3."""
OTHERS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %y",
    "%d-%B-%Y", "%d. %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%b-%d-%Y", "%a, %d %b %Y",
    "%A, %B %d, %Y", "%A, %d %B %Y", "%a %b %d %Y", "%d/%b/%Y", "%Y %b %d", "%Y-%b-%d",
)  # fmt: skip
MONTHS = ("%Y-%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%y", "%b-%Y")
COMPACT = ("%Y%m%d",)
"""Eight digits are a date only beside other dates, or under a name that says so."""
TIMES = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", "T%H:%M:%S",
    "T%H:%M:%SZ",     "T%H:%M:%S.%fZ", " %H:%M:%S %z", ", %H:%M", ", %I:%M %p",
)  # fmt: skip
ISO = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|UTC|[-+]\d{2}(:?\d{2})?)?)?"
LOOKS = re.compile(
    r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{4}[-/]\d{1,2}|\d{1,2}/\d{4}|\d{8}"
    r"|(?:[A-Za-z]{3,9}[ ,.-]+)?\d{0,4}[ ./-]{0,2}[A-Za-z]{3,9}[ .,/-]{0,2}\d{1,4}.{0,24}).{0,24}",
    re.DOTALL,
)
PARTS = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%H": r"\d{1,2}", "%I": r"\d{1,2}",
    "%M": r"\d{1,2}", "%S": r"\d{1,2}", "%f": r"\d{1,9}", "%p": r"[AP]M", "%z": r"[+-]\d{2}:?\d{2}",
    "%b": r"[A-Z]{3}", "%B": r"[A-Z]{3,9}", "%a": r"[A-Z]{3}", "%A": r"[A-Z]{6,9}",
}  # fmt: skip
"""What each part of a format looks like."""
EARLIEST = "TIMESTAMP '1000-01-01'"
NAMES = re.compile(r"(^|_|\b)(date|day|dt|time|datum|fecha)(_|\b|$)|date|dteday", re.IGNORECASE)
MOST_FORMATS = 8


@dataclass(frozen=True)
class DateReading:
    """How a column's dates are written.

    Attributes:
        formats: In the order in which they are tried.
        swapped: The same with day and month changed about, where that could be meant too; else empty.
    """

    formats: tuple[str, ...]
    swapped: tuple[str, ...] = ()


def find_formats(values: Sequence[str], name: str, work: Workspace) -> DateReading | None:
    """Find the formats that read most of the values, best first; None if half of them are no dates."""
    likely = [value for value in values if LOOKS.fullmatch(value)]
    if len(likely) * 2 < len(values) or not likely:
        return None
    known = _with_times((*DAY_FIRST, *MONTH_FIRST, *OTHERS, *MONTHS, *COMPACT))
    possible = {form for value in likely for form in _shapes(value.strip())}
    left, chosen = likely, list[str]()
    hits = _hits(likely, [form for form in known if form in possible], work)
    while left and hits and len(chosen) < MOST_FORMATS:
        counts = {form: sum(value in got for value in left) for form, got in hits.items()}
        best = max(counts, key=lambda form: (counts[form], -_rank(form, known)))
        if not counts[best]:
            break
        chosen.append(best)
        left = [value for value in left if value not in hits[best]]
    only_compact = chosen == list(COMPACT) and not NAMES.search(name)
    if not chosen or only_compact or len(left) * 2 > len(values):
        return None
    chosen.sort(key=lambda form: "%y" not in form)
    swapped = tuple(_swap(form) for form in chosen)
    is_open = swapped != tuple(chosen) and not has_both_orders(chosen)
    return DateReading(tuple(chosen), swapped if is_open else ())


def value_sql(column: str, formats: Sequence[str]) -> str:
    """Write the point in time that a cell holds, NULL if it is in none of the formats."""
    read = f"try_strptime(trim({column}), {list_of(tuple(formats))})"
    return f"(CASE WHEN {read} >= {EARLIEST} THEN {read} END)"


def iso_sql(column: str) -> str:
    """Write the point in time that a cell in ISO 8601 holds, NULL if it holds none."""
    # The first test keeps words such as 'epoch' and 'infinity' out, the second days that come first.
    read = f"TRY_CAST({column} AS TIMESTAMP)"
    return f"(CASE WHEN {column} >= '0' AND {column} < ':' AND {read} >= {EARLIEST} THEN {read} END)"


def has_both_orders(forms: Sequence[str]) -> bool:
    """Whether day and month stand both ways about in some formats."""
    return any(_swap(form) != form and _swap(form) in forms for form in forms)


def _swap(form: str) -> str:
    for ours, theirs in zip((*DAY_FIRST, *MONTH_FIRST), (*MONTH_FIRST, *DAY_FIRST), strict=True):
        if form.startswith(ours):
            return theirs + form[len(ours) :]
    return form


def _with_times(dates: Sequence[str]) -> list[str]:
    return [date + time for date in dates for time in TIMES]


def _rank(form: str, known: Sequence[str]) -> int:
    """Rank a format among those that fit as well: by custom, / is month first, . and - are day first."""
    unusual = form[:5] in {"%d/%m", "%m.%d", "%m-%d"}
    return (known.index(form) if form in known else len(known)) + 1000 * unusual


def _shapes(value: str) -> Iterator[str]:
    """Give the formats that a text has the letters and digits of; DuckDB then tells whether it is a date."""
    dates, times = _patterns()
    for date, begins in dates.items():
        if found := begins.match(value):
            rest = value[found.end() :]
            yield from (date + time for time, fits in times.items() if fits.fullmatch(rest))


@cache
def _patterns() -> tuple[dict[str, re.Pattern[str]], dict[str, re.Pattern[str]]]:
    dates = (*DAY_FIRST, *MONTH_FIRST, *OTHERS, *MONTHS, *COMPACT)
    return {form: _pattern(form) for form in dates}, {form: _pattern(form) for form in TIMES}


def _pattern(form: str) -> re.Pattern[str]:
    pieces = re.split(r"(%.)", form)
    return re.compile("".join(PARTS.get(piece, re.escape(piece)) for piece in pieces), re.IGNORECASE)


def _hits(values: Sequence[str], forms: Sequence[str], work: Workspace) -> dict[str, frozenset[str]]:
    if not forms:
        return {}
    told = ", ".join(
        f"list(v) FILTER (WHERE try_strptime(trim(v), {text_of(form)}) >= {EARLIEST})" for form in forms
    )
    got = work.rows(f"SELECT {told} FROM (SELECT unnest(?::VARCHAR[]) AS v)", [list(dict.fromkeys(values))])[
        0
    ]
    return {form: frozenset(hits or ()) for form, hits in zip(forms, got, strict=True)}
