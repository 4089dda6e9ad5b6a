"""New columns from old ones, each defined by a few plain values, so that a definition can be written as JSON.

A definition is a mapping with `name` (of the new column), `kind`, `columns` and what the kind needs:

| kind | columns | more | gives |
|---|---|---|---|
| product, ratio, difference, sum | two numbers | | a number; a ratio to 0 is missing |
| log | a number | | sign(x) * log(1 + abs(x)) |
| clip | a number | `lower`, `upper` | the number within the bounds |
| bins | a number | `edges`, rising | how many edges are at or below it |
| date_part | a date | `part` of PARTS or a cycle such as sin_month; `newest` for age_days | a number |
| days_between | two dates | | days from the second to the first |
| cross | two texts or more | | the texts joined by SEAM |
| prefix | a text | `length` | its first letters |
| length, words | a text | | letters, or words between blanks |
| is_missing | any | | 1 or 0 |

What is missing in any column, overflows or cannot be read gives a gap; a cross takes a gap as a level.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from projects.transformers.cells import Numbers, Texts, as_texts
from projects.transformers.date_parts import part_of, read_date

Definition = Mapping[str, Any]
SEAM = " & "
GAP = "(missing)"
TWO_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "product": np.multiply,
    "ratio": np.divide,
    "difference": np.subtract,
    "sum": np.add,
}
NUMBER = ("log", "clip", "bins")
TEXT = ("cross", "prefix")
TEXT_TO_NUMBER = ("length", "words")
DATES = ("date_part", "days_between")
KINDS = (*TWO_NUMBERS, *NUMBER, *DATES, *TEXT, *TEXT_TO_NUMBER, "is_missing")
NEEDS = {"clip": ("lower", "upper"), "bins": ("edges",), "date_part": ("part",), "prefix": ("length",)}
COLUMNS = dict.fromkeys((*TWO_NUMBERS, "days_between"), 2) | dict.fromkeys(
    (*NUMBER, "date_part", "prefix", *TEXT_TO_NUMBER, "is_missing"), 1
)
"""How many columns a kind takes; a cross takes two or more."""


def derived(definition: Definition, frame: pd.DataFrame) -> Numbers | Texts:
    """Compute one new column: float64 with NaN for gaps, or an object array of str and None."""
    kind = definition["kind"]
    columns = [frame[name] for name in definition["columns"]]
    if kind == "is_missing":
        gaps: Numbers = columns[0].isna().to_numpy(dtype=np.float64)
        return gaps
    if kind in TEXT or kind in TEXT_TO_NUMBER or kind in DATES:
        return _of_texts(definition, [as_texts(column.to_numpy(dtype=object)) for column in columns])
    return _of_numbers(definition, [_numbers(column) for column in columns])


def gives_text(definition: Definition) -> bool:
    """Whether the new column is one of texts."""
    return definition["kind"] in TEXT


def _numbers(column: "pd.Series[Any]") -> Numbers:
    if column.dtype.kind in "fiub":
        return column.to_numpy(dtype=np.float64)
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)


def _of_numbers(definition: Definition, columns: list[Numbers]) -> Numbers:
    kind = definition["kind"]
    with np.errstate(all="ignore"):
        if kind in TWO_NUMBERS:
            cells = TWO_NUMBERS[kind](columns[0], columns[1])
        elif kind == "log":
            cells = np.copysign(np.log1p(np.abs(columns[0])), columns[0])
        elif kind == "clip":
            cells = np.clip(columns[0], definition["lower"], definition["upper"])
        else:
            below = np.searchsorted(np.asarray(definition["edges"]), columns[0], side="right")
            cells = np.where(np.isnan(columns[0]), np.nan, below)
    return np.where(np.isfinite(cells), cells, np.nan)


def _of_texts(definition: Definition, columns: list[Texts]) -> Numbers | Texts:
    if definition["kind"] == "cross":
        filled = [[GAP if text is None else text for text in column.tolist()] for column in columns]
        return np.array([SEAM.join(texts) for texts in zip(*filled, strict=True)], dtype=object)
    if definition["kind"] == "days_between":
        return _days_between(columns[0], columns[1])
    codes, texts = pd.factorize(columns[0])
    one = _one_text(definition)
    is_text = definition["kind"] == "prefix"
    table = np.array([*map(one, texts), None if is_text else np.nan], dtype=object if is_text else float)
    cells: Numbers | Texts = table[codes]  # a gap has the code -1: the last row
    return cells


def _one_text(definition: Definition) -> Callable[[str], Any]:
    kind = definition["kind"]
    if kind == "prefix":
        return lambda text: text[: definition["length"]]
    if kind == "length":
        return lambda text: float(len(text))
    if kind == "words":
        return lambda text: float(len(text.split()))
    newest = read_date(definition.get("newest"))

    def part(text: str) -> float:
        moment = read_date(text)
        return np.nan if moment is None else part_of(moment, definition["part"], newest)

    return part


def _days_between(left: Texts, right: Texts) -> Numbers:
    moments = {text: read_date(text) for column in (left, right) for text in pd.unique(column)}
    pairs = zip(left.tolist(), right.tolist(), strict=True)
    days: Numbers = np.array([_days(moments[end], moments[start]) for end, start in pairs], dtype=np.float64)
    return days


def _days(end: datetime | None, start: datetime | None) -> float:
    if end is None or start is None:
        return np.nan
    return part_of(start, "age_days", end)
