"""A column cut into parts that a person can name: levels of texts, ranges of numbers and dates."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

MOST_LEVELS = 8
RANGES = 4
MISSING, OTHERS = "(missing)", "(others)"
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def levels(cells: "pd.Series[Any]") -> Iterator[tuple[str, Any]]:
    """Yield each part's name and its rows as a mask; the parts share out all rows.

    Numbers of up to eight values and texts get a part a value (rare texts share one), other numbers and
    dates four ranges of about equally many rows. Missing cells are a part of their own.
    """
    cells = cells.reset_index(drop=True)
    missing = cells.isna().to_numpy()
    held = cells[~missing]
    is_number = pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype)
    if is_number and held.nunique() > MOST_LEVELS:
        yield from _ranges(cells.to_numpy(dtype=np.float64), _number)
    elif not is_number and held.nunique() > MOST_LEVELS and _are_dates(held):
        yield from _dates(cells)
    else:
        yield from _values(cells, held, _number if is_number else str)
    if missing.any():
        yield MISSING, missing


def _values(cells: "pd.Series[Any]", held: "pd.Series[Any]", write: Any) -> Iterator[tuple[str, Any]]:
    common = list(held.value_counts().index)
    kept = common if len(common) <= MOST_LEVELS else common[: MOST_LEVELS - 1]
    for value in kept:
        yield write(value), (cells == value).fillna(False).to_numpy(dtype=bool)
    if len(kept) < len(common):
        yield OTHERS, (cells.notna() & ~cells.isin(kept)).to_numpy(dtype=bool)


def _are_dates(held: "pd.Series[Any]") -> bool:
    return all(isinstance(cell, str) and ISO_DATE.match(cell) for cell in held.head(200))


def _dates(cells: "pd.Series[Any]") -> Iterator[tuple[str, Any]]:
    days = pd.to_datetime(cells.str[:10], errors="coerce", format="%Y-%m-%d")
    numbers = days.to_numpy(dtype="datetime64[D]").astype("int64").astype(np.float64)
    numbers[days.isna().to_numpy()] = np.nan
    yield from _ranges(numbers, lambda day: str(np.datetime64(int(day), "D")))


def _ranges(values: Any, write: Any) -> Iterator[tuple[str, Any]]:
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, RANGES + 1), method="nearest"))
    if len({write(edge) for edge in edges}) < len(edges):
        write = repr
    for place, (low, high) in enumerate(pairwise(edges.tolist())):
        is_last = place == len(edges) - 2
        inside = (values >= low) & ((values <= high) if is_last else (values < high))
        name = f"{write(low)} to {write(high)}" if is_last else f"{write(low)} to below {write(high)}"
        yield name, inside


def _number(value: float) -> str:
    if value == round(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"
