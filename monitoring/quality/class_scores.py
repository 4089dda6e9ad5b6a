"""Scores of a classification whose truth is weights: how much of each row is of each class.

Whole weights are known outcomes, drawn rows and simulated outcomes; shares are outcomes that are not known
yet. The formulas are training's, so that a score means the same before and after a version serves. For two
classes plain names speak of the second class, for several they are means over the classes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Claim:
    """One class against the rest: the rows by rising probability of it, and where equal ones end."""

    place: int
    order: Any
    ends: Any


@dataclass(frozen=True, slots=True)
class Scorer:
    """What is the same for every truth of some rows.

    Attributes:
        said: Which class each row was called, shape (rows, classes), 0 or 1.
        claims: The classes whose ranking is scored; empty without probabilities.
        surprise: What each row costs in log loss if it is of a class, shape (rows, classes).
        squares: What it costs in squared error, likewise.
    """

    said: Any
    claims: tuple[Claim, ...]
    surprise: Any
    squares: Any

    @classmethod
    def of(cls, said: Any, shares: Any, classes: int) -> "Scorer":
        """Lay out some rows.

        Args:
            said: Positions of the predictions, shape (rows,), none negative.
            shares: Probabilities, shape (rows, classes); None for a model that has none.
            classes: How many there are.
        """
        called = (said[:, None] == np.arange(classes)).astype(np.float64)
        if shares is None:
            return cls(called, (), None, None)
        places = (1,) if classes == 2 else range(classes)
        claims = tuple(_claim(shares[:, place], place) for place in places)
        return cls(called, claims, surprise(shares), squares(shares))

    def scores(self, truth: Any) -> dict[str, float]:
        """Every metric that this truth allows.

        Args:
            truth: How much of each row is of each class, shape (rows, classes), none negative.
        """
        counts = truth.T @ self.said
        found = _of_counts(counts)
        if self.claims:
            weights = truth.sum(axis=1)
            found |= self._of_ranks(truth, weights, counts)
            found["log_loss"] = float((truth * self.surprise).sum() / weights.sum())
            found["brier"] = float((truth * self.squares).sum() / weights.sum())
        return {name: value for name, value in found.items() if np.isfinite(value)}

    def _of_ranks(self, truth: Any, weights: Any, counts: Any) -> dict[str, float]:
        true_rows = counts.sum(axis=1)
        there = bool((true_rows > 0).all())
        areas = [_areas(claim, truth[:, claim.place], weights) for claim in self.claims]
        roc, precision = (np.array(each) for each in zip(*areas, strict=True))
        if len(counts) == 2:
            found = {"average_precision": float(precision[0])} if true_rows[1] > 0 else {}
            return found | ({"roc_auc": float(roc[0])} if there else {})
        if not there:
            return {}
        return {
            "roc_auc": float(roc.mean()),
            "roc_auc_ovr_macro": float(roc.mean()),
            "roc_auc_ovr_weighted": float(np.average(roc, weights=true_rows)),
            "average_precision": float(precision.mean()),
            "average_precision_macro": float(precision.mean()),
        }


def surprise(shares: Any) -> Any:
    """Minus the logarithm of each class's share, kept from 0 and 1 by the machine's epsilon."""
    return -np.log(np.clip(shares / shares.sum(axis=1, keepdims=True), EPSILON, 1 - EPSILON))


def squares(shares: Any) -> Any:
    """Squared error if a row is of a class: of the second one's probability for two, summed over several."""
    if shares.shape[1] == 2:
        return np.column_stack([shares[:, 1] ** 2, (1 - shares[:, 1]) ** 2])
    return (shares**2).sum(axis=1, keepdims=True) - 2 * shares + 1


def _claim(shares: Any, place: int) -> Claim:
    order = np.argsort(shares, kind="stable")
    ranked = shares[order]
    return Claim(place, order, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)))


def _areas(claim: Claim, is_so: Any, weights: Any) -> tuple[float, float]:
    """The areas under the ROC curve (Mann and Whitney, 1947; ties count half) and of precision by recall."""
    hits = np.cumsum(is_so[claim.order])[claim.ends]
    others = np.cumsum(weights[claim.order])[claim.ends] - hits
    all_hits, all_others = hits[-1], others[-1]
    if all_hits <= 0:
        return float("nan"), float("nan")
    new_hits, new_others = np.diff(hits, prepend=0.0), np.diff(others, prepend=0.0)
    roc = float("nan")
    if all_others > 0:
        roc = float((new_hits * (others - new_others / 2)).sum() / (all_hits * all_others))
    called_hits = all_hits - hits + new_hits
    called = called_hits + all_others - others + new_others
    steps = np.divide(called_hits, called, out=np.zeros_like(called), where=called > 0)
    return roc, float((new_hits * steps).sum() / all_hits)


def _of_counts(counts: Any) -> dict[str, float]:
    """From the confusion matrix: rows by true class (down) and predicted class (across)."""
    right, true_rows, said_rows = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    rows, there = true_rows.sum(), true_rows > 0
    each = {
        "precision": _ratio(right, said_rows),
        "recall": _ratio(right, true_rows),
        "f1": _ratio(2 * right, said_rows + true_rows),
    }
    accuracy = float(right.sum() / rows)
    found = {
        "accuracy": accuracy,
        "balanced_accuracy": float((right[there] / true_rows[there]).mean()),
        "mcc": _mcc(right, true_rows, said_rows),
    }
    seen = true_rows + said_rows > 0
    for name, values in each.items():
        macro = float(values[seen].mean())
        found[name] = float(values[1]) if len(counts) == 2 else macro
        found[f"{name}_macro"] = macro
        found[f"{name}_weighted"] = float(np.average(values, weights=true_rows))
    return found if len(counts) == 2 else found | {"f1_micro": accuracy}


def _mcc(right: Any, true_rows: Any, said_rows: Any) -> float:
    rows = true_rows.sum()
    spread = (rows**2 - said_rows @ said_rows) * (rows**2 - true_rows @ true_rows)
    return float((right.sum() * rows - true_rows @ said_rows) / np.sqrt(spread)) if spread > 0 else 0.0


def _ratio(part: Any, whole: Any) -> Any:
    return np.divide(part, whole, out=np.zeros_like(part, dtype=np.float64), where=whole > 0)
