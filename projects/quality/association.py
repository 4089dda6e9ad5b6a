"""How strongly two columns belong together, from 0 to 1, each cut into codes.

Two amounts: the rank correlation. An amount and a label: the correlation ratio (Pearson 1905), the square
root of the share of the ranks' variance that lies between the labels. Two labels: Cramér's V, corrected for
chance as Bergsma does (Journal of the Korean Statistical Society 42, 2013). Beside it the mutual information
of the codes in bits, corrected for chance as Miller (1955) does.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

BINS = 20
MOST_LEVELS = 200
FEWEST_OF_A_LEVEL = 5
"""Labels that are rarer count as one."""


@dataclass(frozen=True)
class Coded:
    """A column cut for counting.

    Attributes:
        ranks: From 0 to 1, NaN for gaps; None for labels.
        codes: int64, 0 for gaps, shape (rows,).
        levels: How many codes there are, that for gaps too.
    """

    ranks: Any
    codes: Any
    levels: int


def coded(column: "pd.Series[Any]") -> Coded:
    """Cut a float64 column into 20 bins of equal counts, or an object column into its labels."""
    if column.dtype == np.float64:
        return _coded_numbers(column.to_numpy())
    codes = (pd.factorize(column.to_numpy())[0] + 1).astype(np.int64)
    counts = np.bincount(codes, minlength=2)
    frequent = np.flatnonzero(counts[1:] >= FEWEST_OF_A_LEVEL) + 1
    kept = frequent[np.argsort(-counts[frequent], kind="stable")][: MOST_LEVELS - 1]
    renumbered = np.full(len(counts), len(kept) + 1, dtype=np.int64)
    renumbered[0], renumbered[kept] = 0, np.arange(1, len(kept) + 1)
    codes = renumbered[codes]
    return Coded(None, codes, int(codes.max(initial=0)) + 1)


def _coded_numbers(values: Any) -> Coded:
    held = np.isfinite(values)
    ranks = np.full(len(values), np.nan)
    codes = np.zeros(len(values), dtype=np.int64)
    distinct, place, counts = np.unique(values[held], return_inverse=True, return_counts=True)
    if len(distinct):
        middle = np.cumsum(counts) - counts / 2
        ranks[held] = (middle / counts.sum())[place]
        codes[held] = place + 1 if len(distinct) <= BINS else (ranks[held] * BINS).astype(np.int64) + 1
    return Coded(ranks, codes, int(codes.max(initial=0)) + 1)


def association(left: Coded, right: Coded) -> tuple[str, float, int]:
    """Return the measure's name, the strength from 0 to 1, and the sign of a correlation."""
    if left.ranks is not None and right.ranks is not None:
        both = ~np.isnan(left.ranks) & ~np.isnan(right.ranks)
        value = _correlation(left.ranks[both], right.ranks[both])
        return "correlation", abs(value), -1 if value < 0 else 1
    if left.ranks is not None:
        return "correlation ratio", _correlation_ratio(left.ranks, right), 1
    if right.ranks is not None:
        return "correlation ratio", _correlation_ratio(right.ranks, left), 1
    return "Cramér's V", _cramers_v(crosstab(left, right)), 1


def crosstab(left: Coded, right: Coded) -> Any:
    """Count the pairs of codes in rows where neither is missing; shape (levels - 1, levels - 1)."""
    flat = np.bincount(left.codes * right.levels + right.codes, minlength=left.levels * right.levels)
    return flat.reshape(left.levels, right.levels)[1:, 1:]


def information_bits(left: Coded, right: Coded) -> float:
    """Return the mutual information of two columns' codes, a gap being a code of its own."""
    flat = np.bincount(left.codes * right.levels + right.codes, minlength=left.levels * right.levels)
    table = flat.reshape(left.levels, right.levels).astype(np.float64)
    rows = table.sum()
    if not rows:
        return 0.0
    chance = (_filled(table) - _filled(table.sum(1)) - _filled(table.sum(0)) + 1) / (2 * rows * np.log(2))
    bits = _entropy(table.sum(1)) + _entropy(table.sum(0)) - _entropy(table)
    return float(max(bits - max(chance, 0.0), 0.0))


def _filled(counts: Any) -> int:
    return int((counts > 0).sum())


def _entropy(counts: Any) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def _correlation(left: Any, right: Any) -> float:
    if len(left) < 3 or left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.clip(np.corrcoef(left, right)[0, 1], -1, 1))


def _correlation_ratio(ranks: Any, labels: Coded) -> float:
    both = ~np.isnan(ranks) & (labels.codes > 0)
    values, codes = ranks[both], labels.codes[both]
    if len(values) < 3 or values.std() == 0:
        return 0.0
    counts = np.bincount(codes, minlength=labels.levels)
    sums = np.bincount(codes, weights=values - values.mean(), minlength=labels.levels)
    between = (sums[counts > 0] ** 2 / counts[counts > 0]).sum()
    groups, rows = int((counts > 0).sum()), len(values)
    share = between / (values.var() * rows)
    if rows <= groups:
        return 0.0
    unbiased = 1 - (1 - share) * (rows - 1) / (rows - groups)
    return float(np.sqrt(np.clip(unbiased, 0, 1)))


def _cramers_v(table: Any) -> float:
    table = table[table.sum(1) > 0][:, table.sum(0) > 0].astype(np.float64)
    rows = table.sum()
    if min(table.shape) < 2 or rows < 3:
        return 0.0
    expected = np.outer(table.sum(1), table.sum(0)) / rows
    phi2 = ((table - expected) ** 2 / expected).sum() / rows
    r, k = table.shape
    corrected = max(phi2 - (r - 1) * (k - 1) / (rows - 1), 0.0)
    smaller = min(r - (r - 1) ** 2 / (rows - 1), k - (k - 1) ** 2 / (rows - 1)) - 1
    return float(np.sqrt(min(corrected / smaller, 1.0))) if smaller > 0 else 0.0
