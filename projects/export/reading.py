"""Raw cells become the columns that a model knows: numbers as float64, all else as texts, None for a gap.

Each column says how its cells are written. Columns that are typed already come out as they are, so reading
twice changes nothing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

LARGEST = 1e38
"""Beyond lies infinity for models that read numbers as float32."""
MARKS = (
    "", "?", "-", "--", "N/A", "n/a", "NA", "#N/A", "#NA", "<NA>", "N.A.", "NULL", "null", "Null", "NaN",
    "nan", "None", "#DIV/0!", "#REF!", "#VALUE!",
)  # fmt: skip
"""Texts that stand for a gap, spaces around them aside."""
BLANKS = " \t\n\r\u00a0"
CURRENCY = r"(?:[$€£¥₹₽₩₺]|USD|EUR|GBP|CHF|JPY|US\$|Rs\.?|kr\.?)"
SPACES = " \u00a0\u202f"
DIGITS = {
    ".": rf"(?:\d{{1,3}}(?:[,'{SPACES}]\d{{3}})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?",
    ",": rf"(?:\d{{1,3}}(?:[.'{SPACES}]\d{{3}})+(?:,\d*)?|\d+(?:,\d*)?|,\d+)(?:[eE][-+]?\d+)?",
}
"""What digits look like, by the mark before the decimals."""
PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
ISO = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|UTC|[-+]\d{2}(?::?\d{2})?)?)?"
)
EARLIEST_YEAR = 1000


@dataclass(frozen=True)
class Column:
    """A column and how its cells are written.

    Attributes:
        name: Its name.
        kind: What its cells say: `number`, `text`, `date` or `boolean`.
        original: Its name in raw files, where that is another.
        as_number: Whether the model takes it as a number.
        required: Whether it must be there; else a column of gaps stands for it.
        styled: Whether numbers have currencies, percents, thousands or brackets.
        decimal: The mark before the decimals of styled numbers.
        formats: Of dates, in the order in which they are tried; ISO 8601 is read besides.
        has_time: Whether dates have a time of day.
        true: The words for true, in lower case.
        false: The words for false.
        missing: The texts that stand for a gap.
    """

    name: str
    kind: str = "text"
    original: str = ""
    as_number: bool = False
    required: bool = False
    styled: bool = False
    decimal: str = "."
    formats: tuple[str, ...] = ()
    has_time: bool = False
    true: tuple[str, ...] = ("t", "true")
    false: tuple[str, ...] = ("f", "false")
    missing: tuple[str, ...] = MARKS


def read_columns(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Read the columns of a frame.

    Args:
        frame: Rows, with the columns' names in raw files or their own; other columns are passed over.
        columns: What is wanted, in order.

    Returns:
        The columns, with the frame's index.

    Raises:
        ValueError: A required column is not there.
    """
    return pd.DataFrame({column.name: _read(frame, column) for column in columns}, index=frame.index)


def _read(frame: pd.DataFrame, column: Column) -> "pd.Series[Any]":
    there = [name for name in (column.name, column.original) if name and name in frame.columns]
    if not there and column.required:
        raise ValueError(f"the rows lack the column {column.original or column.name!r}")
    cells = frame[there[0]] if there else pd.Series(np.nan, index=frame.index, dtype="float64")
    read = READERS[column.kind](cells, column)
    if not column.as_number:
        return _texts(read, column)
    numbers = pd.to_numeric(read, errors="coerce").astype("float64")
    return numbers.mask(numbers.abs() > LARGEST)


def _by_text(cells: "pd.Series[Any]", read: Callable[[str], Any]) -> "pd.Series[Any]":
    """Read each different text once."""
    texts = cells.astype("object").map(lambda cell: cell if isinstance(cell, str) else str(cell), "ignore")
    held = texts.dropna().unique()
    table = {text: read(text) for text in held}
    return texts.map(lambda text: table.get(text) if isinstance(text, str) else None)


def _is_gap(text: str, column: Column) -> bool:
    return text.strip(BLANKS) in column.missing


def _numbers(cells: "pd.Series[Any]", column: Column) -> "pd.Series[Any]":
    if cells.dtype.kind in "iufb":
        return cells.astype("float64")
    read = _styled if column.styled else _plain

    def number(text: str) -> float:
        found = np.nan if _is_gap(text, column) else read(text, column.decimal)
        return found if np.isfinite(found) else np.nan

    return _by_text(cells, number).astype("float64")


def _plain(text: str, _decimal: str) -> float:
    return float(text) if PLAIN.fullmatch(text.strip()) else np.nan


def _styled(text: str, decimal: str) -> float:
    digits, sign, space = DIGITS[decimal], "[-+\u2212]?", f"[{SPACES}]*"
    core = f"{space}{sign}{space}{CURRENCY}?{space}{sign}{space}{digits}{space}(?:{CURRENCY}|%)?{space}"
    found = re.search(digits, text)
    if found is None or not re.fullmatch(rf"{core}|{space}\({core}\){space}", text):
        return np.nan
    group = "," if decimal == "." else "."
    plain = found.group().translate({ord(mark): None for mark in f"{group}'{SPACES}"})
    number = float(plain.replace(",", ".") if decimal == "," else plain)
    is_minus = re.match("[^0-9.,]*[(\u2212-]", text) is not None
    return (-number if is_minus else number) / (100.0 if "%" in text else 1.0)


def _texts(cells: "pd.Series[Any]", column: Column) -> "pd.Series[Any]":
    if cells.dtype.kind == "f":
        whole = (cells == np.trunc(cells)) & (cells.abs() < 1e15)
        written = [
            str(int(cell)) if is_whole else str(cell)
            for cell, is_whole in zip(cells.fillna(0.0), whole.fillna(value=False), strict=True)
        ]
        cells = pd.Series(written, index=cells.index, dtype="object").where(cells.notna(), None)
    texts = _by_text(cells, lambda text: None if _is_gap(text, column) else text)
    return texts.astype("object").where(texts.notna(), None)


def _truths(cells: "pd.Series[Any]", column: Column) -> "pd.Series[Any]":
    if cells.dtype.kind in "iufb":
        return cells.astype("float64")

    def truth(text: str) -> float:
        word = text.strip().lower()
        return 1.0 if word in column.true else 0.0 if word in column.false else np.nan

    return _by_text(cells, truth).astype("float64")


def _dates(cells: "pd.Series[Any]", column: Column) -> "pd.Series[Any]":
    form = "%Y-%m-%dT%H:%M:%S" if column.has_time else "%Y-%m-%d"

    def date(text: str) -> str | None:
        if _is_gap(text, column):
            return None
        found = (_in_format(text.strip(), one) for one in column.formats)
        moment = next((one for one in found if one is not None), None) or _iso(text.strip())
        return None if moment is None else moment.strftime(form)

    return _by_text(cells, date)


def _in_format(text: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - most formats have no zone
    except ValueError:
        return None
    return _local(moment) if moment.year >= EARLIEST_YEAR else None


def _iso(text: str) -> datetime | None:
    found = ISO.fullmatch(text)
    if found is None:
        return None
    # The clock's time counts as it stands, whatever its zone: training read it so.
    year, month, day, hour, minute, second, *_ = found.groups()
    clock = f"{int(hour or 0):02}:{minute or '00'}:{second or '00'}"
    try:
        return datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}T{clock}")
    except ValueError:
        return None


def _local(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


READERS: dict[str, Callable[["pd.Series[Any]", Column], "pd.Series[Any]"]] = {
    "number": _numbers,
    "text": lambda cells, _column: cells,
    "date": _dates,
    "boolean": _truths,
}
