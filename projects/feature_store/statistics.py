"""What a feature's cells were like in a training, small enough for a tag: monitoring compares with it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

QUANTILES = tuple(round(0.1 * tenth, 1) for tenth in range(11))
MOST_LEVELS = 20
LONGEST_LEVEL = 60


def describe(frame: pd.DataFrame, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Describe columns of the training rows.

    Args:
        frame: Training rows with the derived columns in it.
        names: Which columns; those that the frame lacks are left out.

    Returns:
        By name: `rows`, `missing_share`, and for numbers `mean`, `deviation` and `quantiles` (of QUANTILES,
        by their shares as texts); for texts `distinct` and `levels`, the shares of the most frequent ones.
    """
    return {name: _described(frame[name]) for name in names if name in frame.columns}


def _described(column: "pd.Series[Any]") -> dict[str, Any]:
    rows = len(column)
    gaps = float(column.isna().mean()) if rows else 0.0
    of_all = {"rows": rows, "missing_share": round(gaps, 6)}
    if column.dtype.kind in "fiub":
        return {"type": "number", **of_all, **_numbers(column.to_numpy(dtype=np.float64))}
    shares = column.dropna().value_counts(normalize=True)
    levels = {
        str(level)[:LONGEST_LEVEL]: round(float(share), 6)
        for level, share in shares.head(MOST_LEVELS).items()
    }
    return {"type": "text", **of_all, "distinct": len(shares), "levels": levels}


def _numbers(cells: Any) -> dict[str, Any]:
    known = cells[np.isfinite(cells)]
    if not len(known):
        return {"mean": None, "deviation": None, "quantiles": {}}
    at = np.quantile(known, QUANTILES)
    quantiles = {str(share): float(value) for share, value in zip(QUANTILES, at, strict=True)}
    return {"mean": float(known.mean()), "deviation": float(known.std()), "quantiles": quantiles}
