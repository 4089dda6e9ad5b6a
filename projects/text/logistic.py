"""A logistic regression over an extractor's numbers, as strong as cross-validation says.

Rare classes weigh as much as frequent ones, unless the folds say beyond chance that plain weights score
better: so it is with many texts, whose rare classes have enough of their own. With few, the folds are too
rough to choose by: on 200 headlines that lost 0.1 of macro F1.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.text.trial import draws_of, score_of

WEIGHTS: tuple[str | None, ...] = ("balanced", None)
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""C of scikit-learn's LogisticRegression: texts become hundreds of numbers that say much the same, so weak
weights win; beyond 3 nothing was gained at any size."""
SURE = 2.0
"""By so many errors of the difference plain weights must be better."""
MOST_CELLS = 1_500_000
"""Of the rows that the strength is chosen by: about 10 s."""
FEW_CELLS = 500_000
"""Below, threads of linear algebra wait for one another longer than they work."""
FEW_STEPS, STEPS = 200, 2000
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Fold:
    """A fold's numbers, scaled by those to fit on.

    Attributes:
        known: Of the rows to fit on, (rows, numbers).
        new: Of the rows to score.
        fit: Which rows are fitted on.
        score: Which rows are scored.
    """

    known: NDArray[np.float64]
    new: NDArray[np.float64]
    fit: Rows
    score: Rows


def folds_of(numbers: NDArray[np.float64], pairs: Sequence[tuple[Rows, Rows]]) -> Iterator[Fold]:
    """Cut scaled numbers into folds, of MOST_CELLS a side at most, evenly taken."""
    most = max(200, MOST_CELLS // max(1, numbers.shape[1]))
    for fit, score in pairs:
        near, far = _thinned(fit, most), _thinned(score, most)
        yield Fold(numbers[near], numbers[far], near, far)


def fitted_logistic(
    numbers: NDArray[np.float64], truth: NDArray[Any], folds: Iterable[Fold]
) -> tuple[Any, float]:
    """Choose class weights and strength by folds, and fit on all rows.

    Args:
        numbers: Scaled, shape (rows, numbers).
        truth: Labels, shape (rows,).
        folds: What to choose by.

    Returns:
        The model, and its macro F1 over the folds; NaN where no fold holds two classes to learn.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1 if numbers.size < FEW_CELLS else None):
        classes, codes = np.unique(truth, return_inverse=True)
        rows, said = _answers(codes, folds)
        weight, strength, score = WEIGHTS[0], 0.1, float("nan")
        if rows.any():
            weight, strength, score = _best(codes[rows], said[:, :, rows], tuple(classes.tolist()))
        return _fitted(_model(weight, strength, STEPS), numbers, truth), score


def _best(held: Rows, said: Rows, classes: tuple[Any, ...]) -> tuple[str | None, float, float]:
    """Return the class weights and the strength to take, and their macro F1."""
    found = []
    for told in said:
        scores = [score_of(held, each, classes) for each in told]
        found.append((max(scores), int(np.argmax(scores))))
    (usual, first), (plain, second) = found
    errors = draws_of(held, said[1, second], classes) - draws_of(held, said[0, first], classes)
    if plain - usual > SURE * float(errors.std()):
        return WEIGHTS[1], STRENGTHS[second], plain
    return WEIGHTS[0], STRENGTHS[first], usual


def _answers(codes: Rows, folds: Iterable[Fold]) -> tuple[NDArray[np.bool_], Rows]:
    """Return which rows the folds score, and the codes answered, (weights, strengths, rows)."""
    said = np.zeros((len(WEIGHTS), len(STRENGTHS), len(codes)), dtype=np.intp)
    is_scored = np.zeros(len(codes), dtype=bool)
    for fold in folds:
        truth = codes[fold.fit]
        if len(np.unique(truth)) < 2:
            continue
        for place, weight in enumerate(WEIGHTS):
            model = _model(weight, STRENGTHS[0], FEW_STEPS, warm_start=True)
            for step, strength in enumerate(STRENGTHS):
                _fitted(model.set_params(C=strength), fold.known, truth)
                said[place, step, fold.score] = model.predict(fold.new)
        is_scored[fold.score] = True
    return is_scored, said


def _thinned(rows: Rows, most: int) -> Rows:
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
