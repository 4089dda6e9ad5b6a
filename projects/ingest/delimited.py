"""Delimited text: the delimiter is found, the header is checked, then pandas reads."""

import bz2
import csv
import gzip
import io
import lzma
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from projects.errors import BadInput

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_CHARACTERS = 64 * 1024
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
UNREADABLE = (
    pd.errors.ParserError, pd.errors.ParserWarning, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What reading text may raise: its form, its encoding, or what it is packed in is broken."""


def read_delimited(path: Path) -> pd.DataFrame:
    """Read a CSV or TSV file, packed or not, in UTF-8.

    Raises:
        BadInput: It is not UTF-8, has no header, names a column twice, or a row has too many cells.
    """
    delimiter, _ = sniff(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, sep=delimiter, encoding="utf-8-sig", low_memory=False, index_col=False)
    except UNREADABLE as error:
        raise refusal(path, error) from error


def refusal(path: Path, error: Exception) -> BadInput:
    """Make the sentence for a text that cannot be read to its end."""
    if isinstance(error, UnicodeDecodeError):
        return BadInput(f"'{path}' must be text in UTF-8; byte 0x{error.object[error.start]:02x} is not."
                        " Save it as UTF-8")  # fmt: skip
    return BadInput(f"'{path}' cannot be read as a table; {str(error).strip()}")


def sniff(path: Path) -> tuple[str, list[str]]:
    """Return the delimiter of a file and the names in its header.

    Raises:
        BadInput: As `read_delimited`, as far as the first lines show it.
    """
    sample = _sample(path)
    delimiter = max(DELIMITERS, key=lambda mark: _agreement(sample, mark))
    header = next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), [])
    if not any(name.strip() for name in header):
        raise BadInput(f"'{path}' has no header; its first line must name the columns")
    named = [name for name in header if name]
    for name in named:
        if named.count(name) > 1:
            raise BadInput(f"'{path}' has more than one column '{name}'; rename one")
    return delimiter, header


def _sample(path: Path) -> str:
    try:
        with OPENERS.get(path.suffix.lower(), open)(path, "rt", encoding="utf-8-sig", newline="") as text:
            return str(text.read(SAMPLE_CHARACTERS)).lstrip("\r\n")
    except UNREADABLE as error:
        raise refusal(path, error) from error


def _agreement(sample: str, delimiter: str) -> tuple[float, int]:
    """How well a delimiter fits: the share of rows as long as the header, then the header's length."""
    lines = sample.splitlines()[:50]
    rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows), len(rows[0])
