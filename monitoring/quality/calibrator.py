"""From what a model says a probability is to how often it was so on held-out rows.

Three ways are tried, and the one with the least log loss on rows that it was not fitted on stays: the
probabilities as they are, a logistic curve over their log-odds (Platt, 1999), isotonic regression (Zadrozny
and Elkan, 2002). For several classes each is fitted against the rest, and the results are made to sum to 1.
How far the fit itself may be off is kept as fits on rows drawn with replacement.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.quality.answers import Answers, has_scores
from monitoring.quality.class_scores import surprise

FEWEST_ROWS = 50
FEWEST_OF_A_CLASS = 5
MOST_CLASSES = 50
FOLDS = 5
REFITS = 20
MOST_STEPS = 50
CLOSEST = 1e-6
"""Probabilities nearer to 0 and 1 than this count as this near: their log-odds must be finite."""

Curve = tuple[Any, Any]
"""Probabilities as said, rising, and what they are worth; between two the line is straight."""
Fit = Callable[[Any, Any, Any], Curve]


@dataclass(frozen=True, slots=True)
class Calibrator:
    """What a version's probabilities are worth.

    Attributes:
        classes: The labels, in the order of the probabilities.
        method: Which way was kept.
        curves: One a class; of two classes the second one's alone.
        refits: Curves of rows drawn again, one entry a draw.
        rows: Held-out rows that it was fitted on.
    """

    classes: tuple[Any, ...]
    method: str
    curves: tuple[Curve, ...]
    refits: tuple[tuple[Curve, ...], ...]
    rows: int

    def shares(self, said: Any, *, refit: int | None = None) -> Any:
        """Calibrated probabilities, shape (rows, classes), each row's sum 1.

        Args:
            said: The model's, of the same shape.
            refit: By the curves of this draw, instead of the kept ones.
        """
        return worth(self.curves if refit is None else self.refits[refit], said)


def fitted(answers: Answers, *, seed: int = 0) -> Calibrator | str:
    """Fit on held-out rows.

    Args:
        answers: With probabilities and outcomes.
        seed: Of folds and draws.

    Returns:
        The calibrator, or why there is none as a sentence.
    """
    if answers.probabilities is None:
        return f"the held-out rows have no probabilities of their {len(answers.classes)} classes to calibrate"
    held = answers.take((answers.truth >= 0) & has_scores(answers.probabilities))
    counts = np.bincount(held.truth, minlength=len(held.classes))
    if len(held) < FEWEST_ROWS or counts.min() < FEWEST_OF_A_CLASS:
        return (
            f"{len(held)} held-out rows, {counts.min()} of the rarest class, are too few to calibrate on;"
            f" {FEWEST_ROWS} and {FEWEST_OF_A_CLASS} are needed"
        )
    if len(held.classes) > MOST_CLASSES:
        return f"{len(held.classes)} classes are too many to calibrate; at most {MOST_CLASSES} are"
    rng = np.random.default_rng(seed)
    method = _best(held, rng)
    everyone = np.ones(len(held))
    refits = tuple(
        _curves(
            METHODS[method], held, np.bincount(rng.integers(0, len(held), len(held)), minlength=len(held))
        )
        for _ in range(REFITS)
    )
    return Calibrator(held.classes, method, _curves(METHODS[method], held, everyone), refits, len(held))


def worth(curves: tuple[Curve, ...], said: Any) -> Any:
    """Probabilities by their curves, made to sum to 1."""
    if said.shape[1] == 2:
        second = np.interp(said[:, 1], *curves[0])
        return np.column_stack([1 - second, second])
    found = np.column_stack([np.interp(said[:, k], *curve) for k, curve in enumerate(curves)])
    found = np.maximum(found, CLOSEST)
    return found / found.sum(axis=1, keepdims=True)


def _curves(fit: Fit, held: Answers, weights: Any) -> tuple[Curve, ...]:
    places = (1,) if len(held.classes) == 2 else range(len(held.classes))
    return tuple(fit(held.probabilities[:, k], (held.truth == k).astype(np.float64), weights) for k in places)


def _best(held: Answers, rng: np.random.Generator) -> str:
    """The way with the least log loss on folds that it was not fitted on."""
    fold = rng.permutation(len(held)) % FOLDS
    losses = dict.fromkeys(METHODS, 0.0)
    for k in range(FOLDS):
        rest, left = held.take(fold != k), held.take(fold == k)
        for name, fit in METHODS.items():
            shares = worth(_curves(fit, rest, np.ones(len(rest))), left.probabilities)
            shares = np.clip(shares, CLOSEST, 1 - CLOSEST)
            losses[name] += float(surprise(shares)[np.arange(len(left)), left.truth].sum())
    return min(losses, key=losses.__getitem__)


def _as_said(_said: Any, _is_so: Any, _weights: Any) -> Curve:
    return np.array([0.0, 1.0]), np.array([0.0, 1.0])


def _logistic(said: Any, is_so: Any, weights: Any) -> Curve:
    """Platt's targets keep the two coefficients finite where the classes do not overlap."""
    hits, others = float(weights @ is_so), float(weights @ (1 - is_so))
    wanted = np.where(is_so > 0, (hits + 1) / (hits + 2), 1 / (others + 2))
    bend, shift = _bend_and_shift(_log_odds(said), wanted, weights)
    return _GRID, _share(bend * _log_odds(_GRID) + shift)


def _bend_and_shift(odds: Any, wanted: Any, weights: Any) -> Any:
    """Newton's method, each step halved until it lessens the loss."""
    terms = np.column_stack([odds, np.ones_like(odds)])

    def loss(found: Any) -> float:
        return float(weights @ (np.logaddexp(0.0, terms @ found) - wanted * (terms @ found)))

    found = np.array([1.0, 0.0])
    now = loss(found)
    for _ in range(MOST_STEPS):
        share = _share(terms @ found)
        bowl = (terms * (weights * share * (1 - share))[:, None]).T @ terms + 1e-9 * np.eye(2)
        step = np.linalg.solve(bowl, terms.T @ (weights * (wanted - share)))
        while (then := loss(found + step)) > now and np.abs(step).max() > CLOSEST:
            step = step / 2
        if not then < now - 1e-9 * abs(now):
            break
        found, now = found + step, then
    return found


def _isotonic(said: Any, is_so: Any, weights: Any) -> Curve:
    from sklearn.isotonic import IsotonicRegression

    there = weights > 0
    fit = IsotonicRegression(out_of_bounds="clip").fit(said[there], is_so[there], weights[there])
    least = 1 / (there.sum() + 2)  # no number of rows shows that a thing never happens
    return fit.X_thresholds_, np.clip(fit.y_thresholds_, least, 1 - least)


METHODS: Mapping[str, Fit] = {
    "probabilities as they are": _as_said,
    "a logistic curve": _logistic,
    "isotonic regression": _isotonic,
}


def _log_odds(said: Any) -> Any:
    kept = np.clip(said, CLOSEST, 1 - CLOSEST)
    return np.log(kept / (1 - kept))


def _share(odds: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(odds, -700, 700)))


_GRID = np.concatenate([[0.0], _share(np.linspace(_log_odds(0.0), -_log_odds(0.0), 1_025)), [1.0]])
