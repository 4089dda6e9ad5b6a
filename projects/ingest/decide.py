"""From a column's counts to its reading: kept, or the next one to try."""

from dataclasses import dataclass, replace
from typing import Literal

from projects.counted import counted
from projects.ingest.convert import NUMBERS, Conversion
from projects.ingest.date_formats import has_both_orders
from projects.ingest.guess import Candidate
from projects.ingest.raw import TEXT
from projects.ingest.tally import BOTH, CODE, FITS, ODD, OTHER, Counts

TOLERANCE = 0.001
MOST_ODD = 1000
"""At most 1 in 1,000 filled cells, and at most 1,000, may be odd and become gaps; more make a column text."""


@dataclass(frozen=True)
class Decision:
    """What was decided for a column.

    Attributes:
        conversion: The reading; None if another must be tried.
        odd: How many cells do not fit and become gaps.
        notes: What a person should know.
    """

    conversion: Conversion | None
    odd: int = 0
    notes: tuple[str, ...] = ()


UNDECIDED = Decision(None)


def decide(candidate: Candidate, counts: Counts, kind: str, *, is_forced: bool, is_target: bool) -> Decision:
    """Decide a column's reading from the counts of all its rows."""
    if kind != TEXT:
        return Decision(_typed(kind))
    conversion = candidate.conversion
    if conversion.type == "text":
        return Decision(conversion)
    if counts.filled == 0:
        return Decision(conversion if is_forced else Conversion("text"), notes=("every cell is missing",))
    allowed = counts.filled if is_forced else min(MOST_ODD, int(TOLERANCE * counts.filled))
    if conversion.type == "number":
        return _number(conversion, counts, allowed, is_forced=is_forced)
    if conversion.type == "boolean":
        return _truth(conversion, counts, is_forced=is_forced, is_target=is_target)
    return _date(candidate, counts, allowed)


def _typed(kind: str) -> Conversion:
    if kind in NUMBERS:
        return Conversion("number", whole=kind == "BIGINT")
    if kind == "BOOLEAN":
        return Conversion("boolean", "words")
    return Conversion("date", "iso", has_time=kind == "TIMESTAMP")


def _number(conversion: Conversion, counts: Counts, allowed: int, *, is_forced: bool) -> Decision:
    if counts.cells[CODE] > allowed and not is_forced:
        cells = counted(counts.cells[CODE], "cell")
        return Decision(
            Conversion("text"),
            notes=(f"text, because {cells} would lose digits as a number (leading zeros, or too long)",),
        )
    if conversion.form == "styled":
        return _styled(conversion, counts, allowed)
    if counts.cells[ODD] > allowed:
        return UNDECIDED
    return Decision(
        replace(conversion, whole=counts.cells[OTHER] == 0 and counts.cells[CODE] == 0), counts.cells[ODD]
    )


def _styled(conversion: Conversion, counts: Counts, allowed: int) -> Decision:
    point, comma = counts.cells[FITS], counts.cells[OTHER]
    odd = counts.cells[ODD] + min(point, comma)
    if odd > allowed:
        return UNDECIDED
    decimal: Literal[".", ","] = "," if comma > point else "."
    notes = (f"read with the decimal mark '{decimal}'",) if decimal == "," else ()
    return Decision(replace(conversion, decimal=decimal), odd, notes)


def _truth(conversion: Conversion, counts: Counts, *, is_forced: bool, is_target: bool) -> Decision:
    if is_forced:
        return Decision(conversion, counts.cells[ODD])
    if counts.cells[ODD]:
        return UNDECIDED
    if is_target:
        return Decision(Conversion("text"), notes=("the target's labels stay texts",))
    return Decision(conversion)


def _date(candidate: Candidate, counts: Counts, allowed: int) -> Decision:
    if counts.cells[ODD] > allowed:
        return UNDECIDED
    conversion, odd = candidate.conversion, counts.cells[ODD]
    if conversion.form == "iso":
        return Decision(replace(conversion, has_time=counts.cells[OTHER] > 0), odd)
    if not candidate.swapped:
        both = f"day and month stand both ways about; where both fit, cells are read as {_order(conversion)}"
        return Decision(conversion, odd, (both,) if has_both_orders(conversion.formats) else ())
    ours, theirs, either = counts.cells[FITS], counts.cells[OTHER], counts.cells[BOTH]
    other = replace(conversion, formats=candidate.swapped)
    if ours and theirs:
        first, second = (conversion, other) if ours >= theirs else (other, conversion)
        formats = tuple(dict.fromkeys((*first.formats, *second.formats)))
        cells = counted(either, "ambiguous cell", "is")
        note = f"day and month stand both ways about; {cells} read as {_order(first)}"
        return Decision(replace(first, formats=formats), odd, (note,))
    note = f"day and month cannot be told apart in any cell; read as {_order(conversion)}"
    notes = (note,) if either and not ours and not theirs else ()
    return Decision(other if theirs else conversion, odd, notes)


def _order(conversion: Conversion) -> str:
    form = next((form for form in conversion.formats if "%d" in form[:2] or "%m" in form[:2]), "")
    return "day first" if form.startswith("%d") else "month first"
