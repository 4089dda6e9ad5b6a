"""Scores of a regression, in the target's unit or as a share."""

import numpy as np

from projects.evaluation.answers import Answers

NOT_THERE = float("nan")


def rmse(a: Answers) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(mse(a)))


def mse(a: Answers) -> float:
    """Mean squared error."""
    return float(((a.truth - a.predictions) ** 2).mean())


def mae(a: Answers) -> float:
    """Mean absolute error."""
    return float(a.row_losses.mean())


def median_absolute_error(a: Answers) -> float:
    """Median absolute error: half of the rows are nearer than this."""
    return float(np.median(a.row_losses))


def mape(a: Answers) -> float:
    """Mean absolute error as a share of the truth; NaN where any true value is 0: it would divide by it."""
    if zeros(a):
        return NOT_THERE
    return float((a.row_losses / np.abs(a.truth)).mean())


def zeros(a: Answers) -> int:
    """Count the true values that are too near 0 to divide by."""
    return int((np.abs(a.truth) < np.finfo(np.float64).eps).sum())


def r2(a: Answers) -> float:
    """Share of the truth's variance that the answers explain; below 0 where the mean would do better."""
    if len(a) <= 1:
        return NOT_THERE
    # The names of metrics are wanted where nothing is measured, and scikit-learn takes its time and memory.
    from sklearn.metrics import r2_score

    return float(r2_score(a.truth, a.predictions))


def explained_variance(a: Answers) -> float:
    """As R2, but a constant error costs nothing."""
    if len(a) <= 1:
        return NOT_THERE
    from sklearn.metrics import explained_variance_score

    return float(explained_variance_score(a.truth, a.predictions))
