"""What looks too good or will not last: a column that gives the answer away, repeated rows, drift."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from projects.counted import agreeing, counted

FEWEST_ROWS = 50
MOST_REPEATS = 0.1
"""The share of held-out rows that may equal one learned from: few columns make some by chance."""
TOO_GOOD = {"roc_auc": 0.9999, "r2": 0.9995}
OVERWHELMING = 0.8
"""The share of importance from which one column is nearly the whole model."""
MATTERS = 0.02
FEWEST_VALUES = 20
"""A sorted column of fewer values brings no new ones."""
TREND = 0.8
"""The rank correlation with the rows' order from which a column grows or falls along the table."""


def suspicion(scores: Mapping[str, float], weights: Mapping[str, float], held_rows: int) -> str | None:
    """Return a sentence if the held-out scores are nearly perfect on more than a handful of rows.

    Args:
        scores: The held-out metrics.
        weights: Each column's share of importance.
        held_rows: How many rows were held out.
    """
    if held_rows < FEWEST_ROWS:
        return None
    for metric, bound in TOO_GOOD.items():
        if scores.get(metric, 0.0) >= bound:
            top = sorted(weights, key=lambda name: -weights[name])[:2]
            named = " or ".join(f"'{name}'" for name in top) or "a column"
            return (
                f"{metric} {scores[metric]:.4f} is nearly perfect: see whether {named} gives the answer away"
            )
    return None


def one_column_rules(weights: Mapping[str, float]) -> str | None:
    """Return a sentence if one of several columns is nearly the whole model."""
    if len(weights) < 3:
        return None
    top = max(weights, key=lambda name: weights[name])
    if weights[top] < OVERWHELMING:
        return None
    return f"'{top}' is {weights[top]:.0%} of the model: see whether it is known at the time of a prediction"


def repeats(X: pd.DataFrame, truth: Any, learned: Any, held: Any) -> str | None:
    """Return a sentence if many of the held-out rows, answer included, were also learned from.

    Args:
        X: All rows.
        truth: Theirs, shape (rows,).
        learned: The positions of those learned from.
        held: The positions of those held out.
    """
    digests = pd.util.hash_pandas_object(X, index=False).to_numpy() * 31 + pd.util.hash_array(truth)
    count = int(np.isin(digests[held], digests[learned]).sum())
    if count <= MOST_REPEATS * len(held):
        return None
    of = counted(len(held), "held-out row")
    return (
        f"{count:,} of {of} {agreeing(count, 'equals')} a row that was learned from: if they are copies,"
        " remove them from the table, as the scores flatter"
    )


def drifting(X: pd.DataFrame, weights: Mapping[str, float]) -> list[str]:
    """Name the columns that matter and grow or fall along the rows: later ones bring values not learned from.

    Args:
        X: Held-out rows in the table's order.
        weights: Each column's share of importance.
    """
    if len(X) < FEWEST_ROWS:
        return []
    order = np.arange(len(X), dtype=np.float64)
    named = [name for name in X.columns if weights.get(str(name), 0.0) >= MATTERS]
    return [str(name) for name in named if abs(_rank_correlation(X[name], order)) >= TREND]


def _rank_correlation(cells: "pd.Series[Any]", order: Any) -> float:
    held = cells.notna().to_numpy()
    if held.sum() < FEWEST_ROWS or cells[held].nunique() < FEWEST_VALUES:
        return 0.0
    # Dates are ISO texts, whose order is that of time.
    places, _ = pd.factorize(cells[held].to_numpy(), sort=True)
    return float(np.corrcoef(rankdata(places), order[held])[0, 1])
