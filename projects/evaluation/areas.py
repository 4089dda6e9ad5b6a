"""Areas under the ROC and the precision-recall curve of several claims at once.

As scikit-learn computes them, without its checks of the input: a score is computed thousands of times while
candidates are searched and intervals drawn.
"""

from typing import Any

import numpy as np
from scipy.stats import rankdata


def roc_areas(is_so: Any, shares: Any) -> Any:
    """Return the area under the ROC curve of each column, by ranks (Mann and Whitney, 1947).

    Args:
        is_so: What is true, shape (rows, claims); each column holds both.
        shares: The probabilities, shape (rows, claims).
    """
    hits = is_so.sum(axis=0)
    ranks = np.where(is_so, rankdata(shares, axis=0), 0.0).sum(axis=0)
    return (ranks - hits * (hits + 1) / 2) / (hits * (len(is_so) - hits))


def precision_areas(is_so: Any, shares: Any) -> Any:
    """Return the average precision of each column: the mean of precision over the steps of recall.

    Args:
        is_so: What is true, shape (rows, claims); each column holds a true one.
        shares: The probabilities, shape (rows, claims).
    """
    return np.array([_average_precision(is_so[:, k], shares[:, k]) for k in range(is_so.shape[1])])


def _average_precision(is_so: Any, shares: Any) -> float:
    order = np.argsort(-shares, kind="stable")
    sorted_shares = shares[order]
    ends = np.flatnonzero(np.append(sorted_shares[1:] != sorted_shares[:-1], True))
    hits = np.cumsum(is_so[order])[ends]
    return float((np.diff(hits, prepend=0) * hits / (ends + 1)).sum() / hits[-1])
