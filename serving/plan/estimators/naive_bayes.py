"""Gaussian naive Bayes: a mean and a variance for each class and column."""

from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, Content, pack
from serving.plan.estimator import Entry, Indices, Matrix, Shape, Values
from serving.plan.estimators.written import Written
from serving.plan.explaining.parts import Parts
from serving.plan.model import PlanBroken


class GaussianBayes:
    """Answers the classes' probabilities given independent normal columns.

    Args:
        means: Shape (classes, width).
        variances: Shape (classes, width).
        priors: Shape (classes,).
    """

    def __init__(self, means: Matrix, variances: Matrix, priors: Matrix) -> None:
        self._means, self._variances = means, variances
        with np.errstate(divide="ignore"):
            self._log_priors = np.log(priors)
        self._constants = -0.5 * np.log(2.0 * np.pi * variances).sum(axis=1)

    def classify(self, matrix: Matrix) -> tuple[Indices, Values]:
        """The likeliest class, and the probabilities."""
        columns = zip(self._means, self._variances, self._constants, self._log_priors, strict=True)
        joint = np.empty((len(matrix), len(self._means)))
        with np.errstate(over="ignore"):
            for at, (mean, variance, constant, log_prior) in enumerate(columns):
                likelihood = constant - 0.5 * ((matrix - mean) ** 2 / variance).sum(axis=1)
                joint[:, at] = log_prior + likelihood
        return joint.argmax(axis=1), _normed(joint)

    def explain(self, matrix: Matrix) -> Parts:
        """Each column's log likelihood, from the prior probabilities on."""
        off = matrix[:, None, :] - self._means[None]
        with np.errstate(over="ignore"):
            logs = -0.5 * (np.log(2.0 * np.pi * self._variances) + off**2 / self._variances)
        base = np.broadcast_to(self._log_priors, logs.shape[:2])
        return Parts(base.copy(), logs).softmax()


def _normed(joint: Matrix) -> Matrix:
    """Probabilities of joint log likelihoods, by the logarithm of their sum as SciPy computes it."""
    highest = joint.max(axis=1, keepdims=True)
    base = np.where(np.isfinite(highest), highest, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.log(np.exp(joint - base).sum(axis=1, keepdims=True)) + base
        shares: Matrix = np.exp(joint - total)
    return shares


def write(model: Any) -> Written:
    """Write a fitted GaussianNB."""
    return Written(pack(means=model.theta_, variances=model.var_, priors=model.class_prior_))


def load(content: Content, options: Entry, shape: Shape) -> GaussianBayes:  # noqa: ARG001 - there are none
    """Read what `write` wrote."""
    arrays = Arrays(content)
    means = arrays.floats("means", shape.classes, shape.matrix_width)
    variances = arrays.floats("variances", shape.classes, shape.matrix_width)
    priors = arrays.floats("priors", shape.classes)
    if (variances <= 0).any() or (priors < 0).any():
        raise PlanBroken("variances must be above 0, and no prior below it")
    return GaussianBayes(means, variances, priors)
