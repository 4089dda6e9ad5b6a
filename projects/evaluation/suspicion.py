"""A score too good to be true, said aloud: a column gives the answer away, or rows are in the table twice."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from projects.split import Split

FEWEST_ROWS = 50
MOST_REPEATS = 0.1
"""The share of held-out rows that may equal one learned from: few columns make some by chance."""
TOO_GOOD = {"roc_auc": 0.9999, "r2": 0.9995}


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
            named = " or ".join(f"'{name}'" for name in top)
            return (
                f"{metric} {scores[metric]:.4f} is nearly perfect: see whether {named} gives the answer away"
            )
    return None


def repeats(split: Split) -> str | None:
    """Return a sentence if many of the held-out rows, answer included, were also learned from."""
    held, learned = (
        _digests(X, y) for X, y in ((split.X_held, split.y_held), (split.X_train, split.y_train))
    )
    count = int(held.isin(set(learned)).sum())
    if count <= MOST_REPEATS * len(held):
        return None
    return (
        f"{count} of {len(held)} held-out rows equal a row that was learned from: if they are copies, remove"
        " them from the table, as the scores flatter"
    )


def _digests(X: pd.DataFrame, y: Any) -> "pd.Series[Any]":
    return pd.util.hash_pandas_object(X, index=False) * 31 + pd.util.hash_array(y)
