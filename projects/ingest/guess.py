"""What a column's cells look like, from a sample of them: the reading to be tried on all rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from projects.ingest import date_formats, styled
from projects.ingest.convert import FALSE_WORDS, NO_WORDS, TRUE_WORDS, YES_WORDS, Conversion
from projects.ingest.fix import Fix
from projects.ingest.marks import IN_VALUES
from projects.ingest.workspace import Workspace

PLAIN = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
STYLED = re.compile(f"{styled.pattern('.')}|{styled.pattern(',')}")
ISO = re.compile(date_formats.ISO)
ENOUGH = 0.5
"""The share of a sample's cells that must fit a reading for it to be tried."""


@dataclass(frozen=True)
class Candidate:
    """A reading to be tried on all rows.

    Attributes:
        conversion: The reading.
        swapped: For dates: the formats with day and month changed about, where that could be meant.
    """

    conversion: Conversion
    swapped: tuple[str, ...] = ()


TEXT_READING = Candidate(Conversion("text"))
NUMBER_READING = Candidate(Conversion("number", whole=True))


def guess(values: Sequence[str], name: str, work: Workspace) -> Candidate:
    """Choose the first reading to try from distinct values."""
    filled = [value for value in values if value.strip().casefold() not in IN_VALUES]
    if not filled:
        return NUMBER_READING
    for found in (_number(filled), _truth(filled), _date(filled, name, work)):
        if found is not None:
            return found
    return TEXT_READING


def wider(tried: Candidate, odd: Sequence[str], seen: Sequence[str], name: str, work: Workspace) -> Candidate:
    """Choose what to try next, given the cells that did not fit; text when nothing is left."""
    values = [*odd, *seen]
    form = tried.conversion
    if form.type == "number" and form.form == "plain" and all(STYLED.fullmatch(value) for value in odd):
        return Candidate(Conversion("number", "styled"))
    if form.type in {"number", "date"} and form.form != "styled":
        found = _date(odd, name, work)
        if found is not None and (form.type == "date" or not any(PLAIN.fullmatch(value) for value in seen)):
            reading = date_formats.find_formats(values, name, work)
            if reading is not None and set(reading.formats) != set(form.formats):
                return _with_formats(reading)
    if form.type == "number" and (truth := _truth(values)) is not None:
        return truth
    return TEXT_READING


def forced(fix: Fix, values: Sequence[str], name: str, work: Workspace) -> Candidate:
    """Choose the reading that a person has asked for."""
    filled = [value for value in values if value.strip().casefold() not in IN_VALUES]
    if fix.formats:
        has_time = any("%H" in form or "%I" in form for form in fix.formats)
        return Candidate(Conversion("date", "formats", has_time=has_time, formats=fix.formats))
    if fix.decimal:
        return Candidate(Conversion("number", "styled", decimal="," if fix.decimal == "," else "."))
    if fix.type == "number":
        is_plain = all(PLAIN.fullmatch(value) or not STYLED.fullmatch(value) for value in filled)
        return NUMBER_READING if is_plain else Candidate(Conversion("number", "styled"))
    if fix.type == "date":
        dates = [value for value in filled if date_formats.LOOKS.fullmatch(value)]
        return _date(dates, f"{name}_date", work) or Candidate(Conversion("date", "iso", has_time=True))
    if fix.type == "boolean":
        true, false = TRUE_WORDS + YES_WORDS, FALSE_WORDS + NO_WORDS
        return Candidate(Conversion("boolean", "words", true=true, false=false))
    return TEXT_READING


def _number(filled: Sequence[str]) -> Candidate | None:
    plain = sum(bool(PLAIN.fullmatch(value)) for value in filled)
    any_form = sum(bool(STYLED.fullmatch(value)) for value in filled)
    if any_form < ENOUGH * len(filled):
        return None
    if any_form > plain:
        return Candidate(Conversion("number", "styled"))
    is_whole = not any(set(value) & set(".eE") for value in filled)
    is_compact = all(re.fullmatch(r"(19|20)\d{6}", value.strip()) for value in filled)
    if is_compact:
        return None
    return Candidate(replace(NUMBER_READING.conversion, whole=is_whole))


def _truth(filled: Sequence[str]) -> Candidate | None:
    """Truths, but for a single F or T, which may be one of more letters to come."""
    cells = {value.strip() for value in filled}
    is_truth = {cell.casefold() for cell in cells} <= {*TRUE_WORDS, *FALSE_WORDS} and cells not in (
        {"F"},
        {"T"},
    )
    return Candidate(Conversion("boolean", "words")) if is_truth else None


def _date(filled: Sequence[str], name: str, work: Workspace) -> Candidate | None:
    if filled and all(ISO.fullmatch(value) for value in filled):
        return Candidate(Conversion("date", "iso", has_time=True))
    reading = date_formats.find_formats(filled, name, work)
    if reading is not None:
        return _with_formats(reading)
    is_compact = bool(filled) and all(re.fullmatch(r"\s*\d{8}\s*", value) for value in filled)
    return NUMBER_READING if is_compact else None


def _with_formats(reading: date_formats.DateReading) -> Candidate:
    has_time = any("%H" in form or "%I" in form for form in reading.formats)
    return Candidate(
        Conversion("date", "formats", has_time=has_time, formats=reading.formats), reading.swapped
    )
