"""What a plain linear model answers by some numbers of texts, and how good that is."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.text.part import Labels, Numbers

STRENGTHS = (0.003, 0.03, 0.3)
"""C of the logistic regression, 10 / C of the ridge regression's alpha; the best of them counts."""
DRAWS = 200


def answers(known: Numbers, new: Numbers, labels: Labels) -> dict[float, NDArray[Any]]:
    """Fit on the numbers of known texts and answer for new ones, at each strength.

    Args:
        known: (texts, numbers).
        new: (other texts, numbers).
        labels: Of the known texts.

    Returns:
        Codes of classes, or numbers.
    """
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(known)
    near, far = scaler.transform(known), scaler.transform(new)
    if labels.classes is None:
        return {strength: _numbers(near, far, labels.y, strength) for strength in STRENGTHS}
    return {strength: _codes(near, far, labels.y, strength) for strength in STRENGTHS}


def score_of(truth: NDArray[Any], told: NDArray[Any], classes: tuple[Any, ...] | None) -> float:
    """Return macro F1 over the classes that are there, or R2 for numbers."""
    if classes is None:
        whole = float(np.sum((truth - truth.mean()) ** 2))
        return 1 - float(np.sum((truth - told) ** 2)) / whole if whole else 0.0
    kinds = len(classes)
    table = np.bincount(truth * kinds + told, minlength=kinds * kinds).reshape(kinds, kinds)
    hits, both = np.diag(table), table.sum(axis=0) + table.sum(axis=1)
    there = table.sum(axis=1) > 0
    return float(np.mean(2 * hits[there] / both[there]))


def draws_of(truth: NDArray[Any], told: NDArray[Any], classes: tuple[Any, ...] | None) -> Numbers:
    """Return the score on rows drawn again with replacement, (DRAWS,); the same rows for every answer."""
    random = np.random.default_rng(0)
    drawn = (random.integers(0, len(truth), len(truth)) for _ in range(DRAWS))
    return np.array([score_of(truth[rows], told[rows], classes) for rows in drawn])


def _codes(near: Numbers, far: Numbers, codes: NDArray[Any], strength: float) -> NDArray[Any]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(codes)) < 2:
        return np.full(len(far), codes[0])
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=200, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        told: NDArray[Any] = model.fit(near, codes).predict(far)
    return told


def _numbers(near: Numbers, far: Numbers, y: NDArray[Any], strength: float) -> NDArray[Any]:
    from sklearn.linear_model import Ridge

    told: NDArray[Any] = Ridge(alpha=10 / strength).fit(near, y).predict(far)
    return told
