"""A logistic regression over an extractor's numbers, as strong as cross-validation says.

Whether rare classes weigh as much as frequent ones is chosen as well: with few texts that helps them, with
many it costs more answers of the frequent classes than it gains.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""C of scikit-learn's LogisticRegression: texts become hundreds of numbers that say much the same, so weak
weights win; beyond 3 nothing was gained at any size."""
WEIGHTS: tuple[str | None, ...] = ("balanced", None)
TRIED = tuple((weight, strength) for weight in WEIGHTS for strength in STRENGTHS)
"""Class weights and C, in the order in which they are tried; the first of the best counts."""
MOST_CELLS = 1_500_000
"""Of the rows that the strength is chosen by: about 10 s."""
FEW_CELLS = 500_000
"""Below, threads of linear algebra wait for one another longer than they work."""
FEW_STEPS, STEPS = 200, 2000
Folds = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]


def fitted_logistic(numbers: NDArray[np.float64], truth: NDArray[Any], folds: Folds) -> tuple[Any, float]:
    """Choose class weights and strength by folds, and fit on all rows.

    Args:
        numbers: Scaled, shape (rows, numbers).
        truth: Labels, shape (rows,).
        folds: Pairs (rows to fit on, rows to score).

    Returns:
        The model, and its macro F1 over the folds; NaN where no fold holds two classes to learn.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1 if numbers.size < FEW_CELLS else None):
        scores = _scores(numbers, truth, folds)
        known = np.isfinite(scores)
        best = int(np.nanargmax(scores)) if known.any() else TRIED.index(("balanced", 0.1))
        model = _model(*TRIED[best], STEPS)
        return _fitted(model, numbers, truth), float(scores[best])


def _scores(numbers: NDArray[np.float64], truth: NDArray[Any], folds: Folds) -> NDArray[np.float64]:
    """Return the macro F1 of each of TRIED over the rows that the folds score."""
    from sklearn.metrics import f1_score

    most = max(200, MOST_CELLS // max(1, numbers.shape[1]))
    said = np.empty((len(TRIED), len(truth)), dtype=truth.dtype)
    is_scored = np.zeros(len(truth), dtype=bool)
    for fit, score in _bounded(folds, most):
        if len(np.unique(truth[fit])) < 2:
            continue
        for weight in WEIGHTS:
            model = _model(weight, STRENGTHS[0], FEW_STEPS, warm_start=True)
            for strength in STRENGTHS:
                _fitted(model.set_params(C=strength), numbers[fit], truth[fit])
                said[TRIED.index((weight, strength)), score] = model.predict(numbers[score])
        is_scored[score] = True
    if not is_scored.any():
        return np.full(len(TRIED), np.nan)
    held = truth[is_scored]
    return np.array([f1_score(held, each[is_scored], average="macro", zero_division=0) for each in said])


def _bounded(folds: Folds, most: int) -> Folds:
    """Keep so many rows of each side, evenly taken."""
    return [(_thinned(fit, most), _thinned(score, most)) for fit, score in folds]


def _thinned(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.intp)]


def _model(weight: str | None, strength: float, steps: int, *, warm_start: bool = False) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, class_weight=weight, max_iter=steps, warm_start=warm_start)


def _fitted(model: Any, numbers: NDArray[np.float64], truth: NDArray[Any]) -> Any:
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # Weights that are nearly there answer alike.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(numbers, truth)
