"""Scores of a classification, from the confusion matrix or from the probabilities.

For two classes the plain names speak of the positive class, the second one. For several classes the plain
names mean `macro`: the plain mean over the classes, so that a rare class counts like a common one.
`weighted` weighs each class by its true rows, `micro` counts all rows alike. A class that neither the truth
nor the answers hold is left out of a mean, as scikit-learn does.
"""

from typing import Any, Literal

import numpy as np

from projects.evaluation.answers import Answers

Average = Literal["binary", "macro", "weighted"]
NOT_THERE = float("nan")


def accuracy(a: Answers) -> float:
    """Share of rows that are right."""
    return float(np.trace(a.counts) / max(1, a.counts.sum()))


def balanced_accuracy(a: Answers) -> float:
    """Mean recall over the classes that the truth holds."""
    true_rows = a.counts.sum(axis=1)
    there = true_rows > 0
    return float((np.diag(a.counts)[there] / true_rows[there]).mean()) if there.any() else NOT_THERE


def mcc(a: Answers) -> float:
    """Matthews correlation coefficient; 0 where the truth or the answers hold one class only."""
    true_rows, said_rows = a.counts.sum(axis=1).astype(float), a.counts.sum(axis=0).astype(float)
    rows = true_rows.sum()
    spread = (rows**2 - said_rows @ said_rows) * (rows**2 - true_rows @ true_rows)
    return float((np.trace(a.counts) * rows - true_rows @ said_rows) / np.sqrt(spread)) if spread > 0 else 0.0


def precision(a: Answers, average: Average) -> float:
    """Of the rows called a class, the share that is one; 0 where none is called so."""
    return _averaged(_ratio(np.diag(a.counts), a.counts.sum(axis=0)), a, average)


def recall(a: Answers, average: Average) -> float:
    """Of the rows of a class, the share that is called so; 0 where there is none."""
    return _averaged(_ratio(np.diag(a.counts), a.counts.sum(axis=1)), a, average)


def f1(a: Answers, average: Average) -> float:
    """Harmonic mean of precision and recall."""
    return _averaged(_ratio(2 * np.diag(a.counts), a.counts.sum(axis=0) + a.counts.sum(axis=1)), a, average)


def plain(a: Answers) -> Average:
    """What a score's plain name means: of the positive class, or the mean over several classes."""
    return "binary" if a.is_binary else "macro"


def roc_auc(a: Answers, average: Average) -> float:
    """Area under the ROC curve; for several classes each against the rest.

    NaN where a class is missing from the truth or is all of it.
    """
    if a.probabilities is None or not _all_are_there(a):
        return NOT_THERE
    return float(
        a.roc_areas[0] if average == "binary" else np.average(a.roc_areas, weights=_weights(a, average))
    )


def average_precision(a: Answers, average: Average) -> float:
    """Mean precision over the recalls, the area under the precision-recall curve; as `roc_auc` averaged."""
    if a.probabilities is None:
        return NOT_THERE
    if average == "binary":
        return float(a.precision_areas[0]) if (a.codes == 1).any() else NOT_THERE
    if not _all_are_there(a):
        return NOT_THERE
    return float(np.average(a.precision_areas, weights=_weights(a, average)))


def _all_are_there(a: Answers) -> bool:
    return bool((a.counts.sum(axis=1) > 0).all())


def log_loss(a: Answers) -> float:
    """Mean of minus the logarithm of the probability that the true class got."""
    return NOT_THERE if a.probabilities is None else float(row_log_losses(a).mean())


def row_log_losses(a: Answers) -> Any:
    """Minus the logarithm of the probability that the true class got, one a row, shape (rows,).

    Probabilities are kept from 0 and 1 by the machine's epsilon, as scikit-learn does.
    """
    shares = a.probabilities / a.probabilities.sum(axis=1, keepdims=True)
    eps = np.finfo(np.float64).eps
    return -np.log(np.clip(shares[np.arange(len(a)), a.codes], eps, 1 - eps))


def brier(a: Answers) -> float:
    """Mean squared error of the probabilities: of the positive class for two, summed over several."""
    return NOT_THERE if a.probabilities is None else float(row_briers(a).mean())


def row_briers(a: Answers) -> Any:
    """The squared error of the probabilities, one a row, shape (rows,)."""
    if a.is_binary:
        return (a.probabilities[:, 1] - (a.codes == 1)) ** 2
    wanted = a.codes[:, None] == np.arange(a.probabilities.shape[1])
    return ((a.probabilities - wanted) ** 2).sum(axis=1)


def _ratio(part: Any, whole: Any) -> Any:
    return part / np.maximum(whole, 1)


def _averaged(each: Any, a: Answers, average: Average) -> float:
    if average == "binary":
        return float(each[1])
    return float(np.average(each, weights=_weights(a, average))) if len(a) else NOT_THERE


def _weights(a: Answers, average: Average) -> Any:
    true_rows = a.counts.sum(axis=1)
    return true_rows if average == "weighted" else true_rows + a.counts.sum(axis=0) > 0
