"""Which column is behind each cell of the matrix that an estimator learns from.

Found by trying, not by names: a column's cells are exchanged for other values of it, and the matrix's cells
that then change are its own. So it holds for any steps before the estimator.
"""

from typing import Any

import numpy as np
import pandas as pd

MOST_COLUMNS = 300
VALUES = 32
BASES = 2


def owners(steps: Any, X: pd.DataFrame) -> Any:
    """Return each column's part of each cell, shape (cells, columns); the parts of a cell sum to 1.

    A cell that several columns make is shared evenly. One that no trial moved is shared by those columns
    that have more values than were tried, else by all.

    Args:
        steps: Fitted steps before the estimator, with `transform`.
        X: Rows to take values from.
    """
    names = [str(name) for name in X.columns]
    base = X.iloc[np.linspace(0, len(X) - 1, BASES).astype(int)].reset_index(drop=True)
    start = _matrix(steps, base)
    moved = np.zeros((start.shape[1], len(names)), dtype=bool)
    many = np.zeros(len(names), dtype=bool)
    for place, name in enumerate(names):
        values, many[place] = _values(X[name])
        tried = base.iloc[np.repeat(np.arange(BASES), len(values))].reset_index(drop=True)
        tried[name] = np.tile(values, BASES)
        differs = _matrix(steps, tried) != np.repeat(start, len(values), axis=0)
        moved[:, place] = differs.any(axis=0)
    still = ~moved.any(axis=1)
    moved[still] = many if many.any() else True
    return moved / moved.sum(axis=1, keepdims=True)


def _matrix(steps: Any, rows: pd.DataFrame) -> Any:
    matrix = steps.transform(rows)
    dense = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
    return np.nan_to_num(dense.astype(np.float64), nan=-1e300)


def _values(cells: "pd.Series[Any]") -> tuple[Any, bool]:
    """Return values of a column to try, and whether it has more."""
    if cells.dtype.kind == "f":
        held = cells.dropna()
        points = np.unique(held.quantile(np.linspace(0, 1, VALUES - 1)).to_numpy())
        return np.append(points[~np.isnan(points)], np.nan), False
    common = cells.value_counts().index.to_numpy()
    tried = np.append(common[: VALUES - 1].astype(object), [None])
    return tried, len(common) > VALUES - 1
