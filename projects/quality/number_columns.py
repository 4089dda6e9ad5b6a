"""What a column of numbers holds: moments, quantiles, outliers and a histogram."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projects.quality.model import Histogram, Numbers
from projects.quality.table import Table

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
FENCE = 1.5
"""Tukey's inner fence, in interquartile ranges: Exploratory Data Analysis (1977)."""
FAR_FENCE = 3.0
"""His outer fence."""
STANDARD_SCORE = 3.0
BINS = 20
LARGEST_WHOLE = 2.0**51
"""Beyond, halves between whole numbers are no longer exact."""
FAR_BINS = 1.0
"""A histogram reaches so many widths of the middle 98 % beyond it; what lies farther is counted aside."""


@dataclass(frozen=True)
class _Moments:
    held: int
    unusable: int
    min: float
    max: float
    mean: float
    std: float
    zeros: int
    negatives: int
    fractions: int


def number_profiles(table: Table, names: Sequence[str]) -> dict[str, Numbers]:
    """Profile columns of numbers; one with no usable number is left out."""
    moments = _moments(table, names)
    held = [name for name in names if moments[name].held]
    drawn = set(table.detailed)
    quantiles = quantiles_of(table, held)
    outside = _outside(table, held, moments, quantiles)
    return {
        name: Numbers(
            min=moments[name].min,
            max=moments[name].max,
            mean=moments[name].mean,
            std=moments[name].std,
            quantiles=quantiles[name],
            zeros=moments[name].zeros,
            negatives=moments[name].negatives,
            unusable=moments[name].unusable,
            outliers_iqr=outside[name][0],
            outliers_far=outside[name][1],
            outliers_z=outside[name][2],
            is_whole=moments[name].fractions == 0,
            histogram=_drawn(table, name, moments[name], quantiles[name]) if name in drawn else None,
        )
        for name in held
    }


def _drawn(table: Table, name: str, found: _Moments, quantiles: Mapping[float, float]) -> Histogram:
    return histogram(table, name, (found.min, found.max), quantiles, is_whole=found.fractions == 0)


def _moments(table: Table, names: Sequence[str]) -> dict[str, _Moments]:
    def cells(name: str) -> tuple[str, ...]:
        x, number = table.usable(name), table.number(name)
        return (
            f"count({x})",
            f"count(*) FILTER (NOT isnan({number}) AND {x} IS NULL)",
            f"min({x})",
            f"max({x})",
            f"avg({x})",
            f"stddev_samp({x})",
            f"count(*) FILTER ({number} = 0)",
            f"count(*) FILTER ({number} < 0)",
            f"count(*) FILTER ({x} <> floor({x}))",
        )

    found = table.aggregate(names, cells)
    return {name: _Moments(*(0 if value is None else value for value in found[name])) for name in names}


def quantiles_of(table: Table, names: Sequence[str]) -> dict[str, dict[float, float]]:
    """Return each column's quantiles over the sample; those of moments as seconds since 1970."""
    found = table.aggregate(
        names, lambda name: (f"quantile_cont({table.usable(name)}, {list(SHARES)})",), source=table.sample
    )
    return {name: dict(zip(SHARES, found[name][0] or [0.0] * len(SHARES), strict=True)) for name in names}


def _outside(
    table: Table,
    names: Sequence[str],
    moments: Mapping[str, _Moments],
    quantiles: Mapping[str, Mapping[float, float]],
) -> dict[str, tuple[int, ...]]:
    def cells(name: str) -> tuple[str, ...]:
        number, found = table.usable(name), moments[name]
        low, high = quantiles[name][0.25], quantiles[name][0.75]
        reach = high - low
        return tuple(
            f"count(*) FILTER ({number} < {start!r} OR {number} > {end!r})"
            for start, end in (
                (low - FENCE * reach, high + FENCE * reach),
                (low - FAR_FENCE * reach, high + FAR_FENCE * reach),
                (found.mean - STANDARD_SCORE * found.std, found.mean + STANDARD_SCORE * found.std),
            )
        )

    return table.aggregate(names, cells)


def histogram(
    table: Table, name: str, ends: tuple[float, float], quantiles: Mapping[float, float], *, is_whole: bool
) -> Histogram:
    """Count a column's values in at most 20 bins of equal width.

    Args:
        table: The table.
        name: The column.
        ends: Its least and its largest value.
        quantiles: Of the column; the bins cover what is not far outside of the middle 98 %.
        is_whole: Whether all values are whole: a bin then holds whole steps.
    """
    middle = quantiles[0.99] - quantiles[0.01]
    low = max(ends[0], quantiles[0.01] - FAR_BINS * middle) if middle else ends[0]
    high = min(ends[1], quantiles[0.99] + FAR_BINS * middle) if middle else ends[1]
    edges = _edges(low, high, is_whole=is_whole)
    width, bins, x = edges[1] - edges[0], len(edges) - 1, table.usable(name)
    binned = (
        f"CASE WHEN x < {edges[0]!r} THEN -1 WHEN x > {edges[-1]!r} THEN {bins}"
        f" ELSE least(CAST(floor((x - {edges[0]!r}) / {width!r}) AS INTEGER), {bins - 1}) END"
    )
    found: dict[Any, Any] = dict(
        table.fetch(
            f"SELECT {binned}, count(*) FROM (SELECT {x} AS x FROM {table.source})"
            " WHERE x IS NOT NULL GROUP BY 1"
        )
    )
    counts = tuple(int(found.get(at, 0)) for at in range(bins))
    return Histogram(edges, counts, int(found.get(-1, 0)), int(found.get(bins, 0)))


def _edges(low: float, high: float, *, is_whole: bool) -> tuple[float, ...]:
    if is_whole and max(abs(low), abs(high)) < LARGEST_WHOLE:
        low, high = float(int(low // 1)), float(int(high // 1))
        step = float(-(-(int(high) - int(low) + 1) // BINS))
        bins = -(-(int(high) - int(low) + 1) // int(step))
        return tuple(low - 0.5 + step * at for at in range(bins + 1))
    if high <= low or (high - low) / BINS + low == low:
        reach = max(0.5, abs(low) * 0.1)
        return low - reach, low + reach
    return (*(low + (high - low) * at / BINS for at in range(BINS)), high)
