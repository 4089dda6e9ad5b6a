"""A raw table of customers becomes a checked one, a chunk at a time: nothing is written if a row is wrong."""

import logging
import os
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.examples.churn.columns import CHURN, COLUMNS, ID, NOTES, NUMBERS, PLAN
from projects.examples.churn.config import Config, read_config
from projects.hints import did_you_mean, shown

LOG = logging.getLogger(__name__)
FIRST_ROW = 2
"""The line of a file's first row, below its header."""
ENCODINGS = ("utf-8-sig", "cp1252")
"""The second one is tried where a file is not UTF-8; it has a sign for nearly every byte."""


@dataclass
class Counts:
    """What became of a file's rows.

    Attributes:
        read: How many there were.
        kept: How many are in the checked table.
        missing: Empty cells, by column.
        texts: Cells of the text columns that are no number, by column.
    """

    read: int = 0
    kept: int = 0
    missing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLUMNS, 0))
    texts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((PLAN, NOTES), 0))

    @property
    def dropped(self) -> int:
        """How many rows had an empty cell."""
        return self.read - self.kept


def make_dataset(
    raw: str | Path,
    config: Config | Mapping[str, Any] | str | Path | None,
    output: str | Path,
    chunk_size: int = 1000,
) -> pd.DataFrame:
    """Check a raw CSV file and write the rows that can be learned from.

    Args:
        raw: A CSV file with the columns COLUMNS in any order, compressed or not; further ones are left out.
        config: The configuration, or its file.
        output: The CSV file to write; it appears whole, or not at all.
        chunk_size: Rows that are in memory at a time.

    Returns:
        The checked table; `attrs["rows_read"]`, `["rows_dropped"]` and `["missing"]` say what was dropped.

    Raises:
        BadInput: A column is missing or holds what it must not; the sentence names the row.
    """
    read_config(config)
    raw, output = Path(raw), Path(output)
    if chunk_size < 1:
        raise BadInput(f"chunk_size must be at least 1, not {chunk_size}; 1000 is usual")
    scratch = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        counts = _written(raw, scratch, chunk_size)
        frame = pd.read_csv(scratch, dtype={ID: str, PLAN: str, NOTES: str}, keep_default_na=False)
        scratch.replace(output)
    except OSError as error:
        raise BadInput(
            f"{output} cannot be written: {error.strerror or error}; name another place"
        ) from error
    finally:
        with suppress(OSError):
            scratch.unlink()
    if counts.dropped:
        gaps = ", ".join(f"{name} {number}" for name, number in counts.missing.items() if number)
        LOG.warning("%d of %d rows dropped for missing values (%s)", counts.dropped, counts.read, gaps)
    frame.attrs.update(rows_read=counts.read, rows_dropped=counts.dropped, missing=dict(counts.missing))
    return frame


def _written(raw: Path, scratch: Path, chunk_size: int) -> Counts:
    for encoding in ENCODINGS:
        counts = Counts()
        try:
            for number, chunk in enumerate(_chunks(raw, chunk_size, encoding)):
                checked = _checked(chunk, counts)
                first = number == 0
                checked.to_csv(scratch, mode="w" if first else "a", header=first, index=False)
        except UnicodeDecodeError:
            continue
        _check_whole(raw, counts)
        return counts
    raise BadInput(f"{raw} is neither UTF-8 nor Windows-1252; save it as UTF-8")


def _chunks(raw: Path, chunk_size: int, encoding: str) -> Iterator[pd.DataFrame]:
    try:
        with pd.read_csv(raw, dtype=str, chunksize=chunk_size, encoding=encoding, index_col=False) as reader:
            while (chunk := _next(reader)) is not None:
                yield chunk
    except (OSError, EOFError, zlib.error, BadZipFile) as error:
        why = getattr(error, "strerror", None) or error
        raise BadInput(f"{raw} cannot be read: {why}; name a CSV file") from error
    except pd.errors.EmptyDataError as error:
        raise BadInput(f"{raw} is empty; it must begin with the columns {', '.join(COLUMNS)}") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise BadInput(f"{raw} is no CSV: {error}; mind quotes around notes that hold commas") from error


def _next(reader: Any) -> pd.DataFrame | None:
    # Of rows that are longer than the header pandas would pass over the rest, and say so in a warning alone.
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return next(reader, None)


def _checked(chunk: pd.DataFrame, counts: Counts) -> pd.DataFrame:
    """Return a chunk's whole rows with their types, and count the others."""
    chunk = chunk.rename(columns=lambda name: str(name).strip())
    for name in COLUMNS:
        if name not in chunk:
            hint = did_you_mean(name, map(str, chunk.columns))
            raise BadInput(f"the column '{name}' is required and missing; {hint}")
        if isinstance(chunk[name], pd.DataFrame):
            raise BadInput(f"the column '{name}' is there twice; remove one of them")
    chunk = chunk[list(COLUMNS)].replace(r"^\s*$", np.nan, regex=True)
    gaps = chunk.isna()
    for name in COLUMNS:
        counts.missing[name] += int(gaps[name].sum())
    whole = chunk[~gaps.any(axis=1)].copy()
    counts.read, counts.kept = counts.read + len(chunk), counts.kept + len(whole)
    for name in NUMBERS:
        whole[name] = _numbers(whole[name])
    for name in (PLAN, NOTES):
        counts.texts[name] += int(pd.to_numeric(whole[name], errors="coerce").isna().sum())
    whole[CHURN] = _truths(whole[CHURN])
    return whole


def _numbers(cells: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    right = np.isfinite(numbers.to_numpy()) & (numbers.to_numpy() >= 0)
    _refuse(cells, ~right, "a number >= 0")
    return numbers


def _truths(cells: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce")
    _refuse(cells, ~numbers.isin([0, 1]).to_numpy(), "0 or 1")
    return numbers.astype(int)


def _refuse(cells: pd.Series, wrong: NDArray[np.bool_], wanted: str) -> None:
    if wrong.any():
        at = int(wrong.argmax())
        line = int(cells.index[at]) + FIRST_ROW
        many = f" ({int(wrong.sum())} such rows in this chunk)" if wrong.sum() > 1 else ""
        raise BadInput(
            f"the column '{cells.name}' must be {wanted}; row {line} has {shown(cells.iloc[at])}{many};"
            " correct it, or leave the cell empty to have the row dropped"
        )


def _check_whole(raw: Path, counts: Counts) -> None:
    if not counts.kept:
        raise BadInput(f"{raw} has {counts.read} rows and none without an empty cell; fill the gaps")
    for name, texts in counts.texts.items():
        if not texts:
            raise BadInput(f"the column '{name}' must be text; all of its cells are numbers; write words")
