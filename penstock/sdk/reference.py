"""Which rows a model was last fitted or validated on, kept beside it for as long as it lives.

A version in the registry carries such rows: its scoring plan is checked on them, and drift is measured from
them. They are never pickled with the model.
"""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

MOST_ROWS = 10_000


@dataclass(frozen=True)
class Seen:
    """Rows as they were given, their truth, and whether the model learned from them."""

    X: pd.DataFrame
    y: Any
    is_learned: bool = False


_SEEN: "WeakKeyDictionary[Any, Seen]" = WeakKeyDictionary()


def remember(model: Any, X: pd.DataFrame, y: Any, *, is_learned: bool = False) -> Any:
    """Keep at most 10,000 rows, evenly taken, beside a model; return the model."""
    at = np.linspace(0, len(X) - 1, min(len(X), MOST_ROWS)).astype(int)
    _SEEN[model] = Seen(X.iloc[at].reset_index(drop=True), np.asarray(y)[at], is_learned)
    return model


def recall(model: Any) -> Seen | None:
    """Return the rows beside a model; None where there are none."""
    return _SEEN.get(model)
