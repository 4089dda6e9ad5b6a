"""From a booster's sum of trees to its answer, by the name of its objective."""

from collections.abc import Callable

import numpy as np

from serving.plan.estimator import Values, sigmoid
from serving.plan.explaining.parts import Parts
from serving.plan.model import PlanInexplicable


def _exp(sums: Values) -> Values:
    with np.errstate(over="ignore"):
        numbers: Values = np.exp(sums)
    return numbers


CURVES: dict[str, Callable[[Values], Values]] = {
    "count:poisson": _exp,
    "reg:gamma": _exp,
    "reg:tweedie": _exp,
    "reg:logistic": sigmoid,
    "poisson": _exp,
    "gamma": _exp,
    "tweedie": _exp,
    "cross_entropy": sigmoid,
}
"""Of numbers; those of other objectives are the sums themselves."""


def linked(sums: Parts, objective: str, slope: float = 1.0) -> Parts:
    """Take a booster's sums behind its objective's link.

    Args:
        sums: The contributions to the sums of the trees.
        objective: The library's own name of it.
        slope: What the sigmoid multiplies its sum by.

    Raises:
        PlanInexplicable: The link is none that can be taken apart.
    """
    if objective in ("binary", "binary:logistic"):
        return sums.times(slope).through(sigmoid).both_sides()
    if objective in ("multiclass", "multi:softprob"):
        return sums.softmax()
    if objective in CURVES:
        return sums.through(CURVES[objective])
    if sums.base.shape[1] > 1 or objective.startswith(("binary:", "rank", "survival:", "lambdarank")):
        raise PlanInexplicable(f"this model cannot be explained: its objective is {objective}")
    return sums
