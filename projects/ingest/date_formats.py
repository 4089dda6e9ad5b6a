"""The ways in which people write a date, and which of them a column's cells are written in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from projects.ingest.engine import list_of, text_of
from projects.ingest.workspace import Workspace

DAY_FIRST = tuple(f"%d{mark}%m{mark}{year}" for mark in "/.-" for year in ("%y", "%Y"))
MONTH_FIRST = tuple(f"%m{mark}%d{mark}{year}" for mark in "/.-" for year in ("%y", "%Y"))
"""Years of two digits come first: the others would read `03` as the year 3."""
OTHERS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %y", "%d-%B-%Y",
    "%d. %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%b-%d-%Y", "%a, %d %b %Y", "%A, %B %d, %Y",
    "%A, %d %B %Y", "%a %b %d %Y", "%d/%b/%Y", "%Y %b %d", "%Y-%b-%d",
)  # fmt: skip
MONTHS = ("%Y-%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%y", "%b-%Y")
COMPACT = ("%Y%m%d",)
"""Eight digits are a date only beside other dates, or under a name that says so."""
TIMES = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", "T%H:%M:%S", "T%H:%M:%SZ",
    "T%H:%M:%S.%fZ", " %H:%M:%S %z", ", %H:%M", ", %I:%M %p",
)  # fmt: skip
ISO = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|UTC|[-+]\d{2}(:?\d{2})?)?)?"
LOOKS = re.compile(
    r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{4}[-/]\d{1,2}|\d{1,2}/\d{4}|\d{8}"
    r"|(?:[A-Za-z]{3,9}[ ,.-]+)?\d{0,4}[ .-/]{0,2}[A-Za-z]{3,9}[ .,-/]{0,2}\d{1,4}.{0,24}).{0,24}",
    re.DOTALL,
)
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
    known = _with_times((*DAY_FIRST, *MONTH_FIRST, *OTHERS, *MONTHS))
    left, chosen = likely, list[str]()
    hits = _hits(likely, (*known, *COMPACT), work)
    while left and len(chosen) < MOST_FORMATS:
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
    return DateReading(tuple(chosen), swapped if swapped != tuple(chosen) else ())


def value_sql(column: str, formats: Sequence[str]) -> str:
    """Write the point in time that a cell holds, NULL if it is in none of the formats."""
    read = f"try_strptime(trim({column}), {list_of(tuple(formats))})"
    return f"(CASE WHEN {read} >= {EARLIEST} THEN {read} END)"


def iso_sql(column: str) -> str:
    """Write the point in time that a cell in ISO 8601 holds, NULL if it holds none."""
    return f"(CASE WHEN {column} >= '0' AND {column} < ':' THEN TRY_CAST({column} AS TIMESTAMP) END)"


def is_ambiguous(form: str) -> bool:
    """Whether day and month of a format could be meant the other way about."""
    return _swap(form) != form


def _swap(form: str) -> str:
    for ours, theirs in zip((*DAY_FIRST, *MONTH_FIRST), (*MONTH_FIRST, *DAY_FIRST), strict=True):
        if form.startswith(ours):
            return theirs + form[len(ours) :]
    return form


def _with_times(dates: Sequence[str]) -> list[str]:
    return [date + time for date in dates for time in TIMES]


def _rank(form: str, known: Sequence[str]) -> int:
    """How far down a format is taken when others fit as well: by custom, / is month first, . and - day first."""
    unusual = form[:5] in {"%d/%m", "%m.%d", "%m-%d"}
    return (known.index(form) if form in known else len(known)) + 1000 * unusual


def _hits(values: Sequence[str], forms: Sequence[str], work: Workspace) -> dict[str, frozenset[str]]:
    told = ", ".join(
        f"list(v) FILTER (WHERE try_strptime(trim(v), {text_of(form)}) >= {EARLIEST})" for form in forms
    )
    got = work.rows(f"SELECT {told} FROM (SELECT unnest(?::VARCHAR[]) AS v)", [list(dict.fromkeys(values))])[
        0
    ]
    return {form: frozenset(hits or ()) for form, hits in zip(forms, got, strict=True)}
