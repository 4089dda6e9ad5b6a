"""Gradient boosting by scikit-learn, exact and by histograms: a sum of trees a class, and a link."""

from collections.abc import Callable
from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, Content
from serving.plan.estimator import (
    Entry,
    Indices,
    Matrix,
    Shape,
    Values,
    both_sides,
    sigmoid,
    softmax,
)
from serving.plan.estimators.tree_table import from_histogram, from_scikit_learn, pack_trees, unpack_trees
from serving.plan.estimators.tree_walk import Trees
from serving.plan.estimators.written import Written
from serving.plan.model import PlanBroken, PlanUnsupported


def _exp(raw: Values) -> Values:
    with np.errstate(over="ignore"):
        numbers: Values = np.exp(raw)
    return numbers


LINKS: dict[str, Callable[[Values], Values]] = {
    "identity": lambda raw: raw,
    "log": _exp,
    "logit": sigmoid,
    "half_logit": lambda raw: sigmoid(2 * raw),
    "multinomial_logit": softmax,
}
SCIKIT_LINKS = {
    "IdentityLink": "identity",
    "LogLink": "log",
    "LogitLink": "logit",
    "HalfLogitLink": "half_logit",
    "MultinomialLogit": "multinomial_logit",
}


class Gradient:
    """Answers the link's inverse of a sum of trees.

    Args:
        trees: Round after round, in a round class after class.
        outputs: How many sums there are.
        link: The name of the link.
        tie: The class of a binary model whose sum is 0.
    """

    def __init__(self, trees: Trees, outputs: int, link: str, tie: int) -> None:
        self._trees, self._outputs = trees, outputs
        self._inverse = LINKS[link]
        self._tie = tie

    def classify(self, matrix: Matrix) -> tuple[Indices, Values]:
        """Probabilities, and the class by scikit-learn's own rule for ties."""
        raw = self.decide(matrix)
        if raw.shape[1] > 1:
            return raw.argmax(axis=1), self._inverse(raw)
        score = raw[:, 0]
        indices = (score >= 0 if self._tie else score > 0).astype(np.intp)
        return indices, both_sides(self._inverse(score))

    def decide(self, matrix: Matrix) -> Values:
        """The sums of the trees."""
        return self._trees.sums(matrix, self._outputs)

    def estimate(self, matrix: Matrix) -> Values:
        """The link's inverse of the sum."""
        return self._inverse(self.decide(matrix)[:, 0])


def write(model: Any) -> Written:
    """Write a fitted GradientBoosting model.

    Raises:
        PlanUnsupported: It starts from a model of its own.
    """
    if model.init_ != "zero" and not type(model.init_).__name__.startswith("Dummy"):
        raise PlanUnsupported("gradient boosting with an 'init' of its own cannot be a plan")
    start = model._raw_predict_init(np.zeros((1, model.n_features_in_)))[0]  # noqa: SLF001
    trees = [from_scikit_learn(member) for member in model.estimators_.ravel()]
    for tree in trees:
        tree.values[:] *= model.learning_rate
    return _written(model, trees, start, is_rounded=True, tie=1)


def write_histogram(model: Any) -> Written:
    """Write a fitted HistGradientBoosting model.

    Raises:
        PlanUnsupported: It splits by sets of categories.
    """
    if model.is_categorical_ is not None:
        raise PlanUnsupported("gradient boosting that encodes categories itself cannot be a plan")
    trees = [from_histogram(predictor) for round_ in model._predictors for predictor in round_]  # noqa: SLF001
    start = np.asarray(model._baseline_prediction, dtype=np.float64).ravel()  # noqa: SLF001
    return _written(model, trees, start, is_rounded=False, tie=0)


def _written(model: Any, trees: list[Any], start: Any, *, is_rounded: bool, tie: int) -> Written:
    link = type(model._loss.link).__name__  # noqa: SLF001
    if link not in SCIKIT_LINKS:
        raise PlanUnsupported(f"gradient boosting with the link {link} cannot be a plan")
    # Added to the first tree of each class: the sum begins with it, as scikit-learn's does.
    for tree, first in zip(trees, start, strict=False):
        tree.values[:] += first
    options = {"link": SCIKIT_LINKS[link], "is_rounded": is_rounded, "tie": tie}
    return Written(pack_trees(trees, is_rounded=is_rounded), options)


def load(content: Content, options: Entry, shape: Shape) -> Gradient:
    """Read what `write` wrote."""
    outputs = shape.outputs
    trees = unpack_trees(
        Arrays(content), width=shape.matrix_width, outputs=1, is_rounded=bool(options["is_rounded"])
    )
    is_several = options["link"] == "multinomial_logit"
    if len(trees.roots) % outputs or is_several != (outputs > 1) or options["link"] not in LINKS:
        raise PlanBroken("the number of trees, the classes and the link do not fit each other")
    return Gradient(trees, outputs, options["link"], int(options["tie"]))
