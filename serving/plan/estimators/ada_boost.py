"""AdaBoost over trees: a weighted vote of classes (SAMME), or a weighted median of numbers (AdaBoost.R2).

Zhu, Zou, Rosset, Hastie: Multi-class AdaBoost, 2009; Drucker: Improving Regressors using Boosting, 1997.
"""

from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, Content
from serving.plan.estimator import Entry, Indices, Matrix, Shape, Values, softmax
from serving.plan.estimators.forest import SINGLE
from serving.plan.estimators.tree_table import Tree, from_scikit_learn, pack_trees, unpack_trees
from serving.plan.estimators.tree_walk import Trees
from serving.plan.estimators.written import Written
from serving.plan.model import PlanBroken, PlanUnsupported


class AdaBoostVote:
    """Answers classes; a leaf holds what its tree's vote adds to each.

    Args:
        trees: In the order of boosting.
        total: The sum of the trees' weights.
    """

    def __init__(self, trees: Trees, total: float) -> None:
        self._trees, self._total = trees, total

    def classify(self, matrix: Matrix) -> tuple[Indices, Values]:
        """The class of the most votes, and the softmax of the votes."""
        decision = self.decide(matrix)
        if decision.shape[1] == 1:
            indices = (decision[:, 0] > 0).astype(np.intp)
            return indices, softmax(np.hstack([-decision, decision]) / 2)
        return decision.argmax(axis=1), softmax(decision / (decision.shape[1] - 1))

    def decide(self, matrix: Matrix) -> Values:
        """The weighted votes; for two classes those of the second without those of the first."""
        votes = self._trees.sums(matrix) / self._total
        if votes.shape[1] > 2:
            return votes
        votes[:, 0] *= -1
        decision: Values = votes.sum(axis=1, keepdims=True)
        return decision


class AdaBoostMedian:
    """Answers numbers.

    Args:
        trees: In the order of boosting.
        weights: Their weights; shape (trees,).
    """

    def __init__(self, trees: Trees, weights: Matrix) -> None:
        self._trees, self._weights = trees, weights

    def estimate(self, matrix: Matrix) -> Values:
        """The weighted median of the trees' numbers."""
        return np.concatenate([self._medians(leaves[:, :, 0].T) for leaves in self._trees.leaves(matrix)])

    def _medians(self, numbers: Matrix) -> Matrix:
        order = np.argsort(numbers, axis=1)
        reached = np.cumsum(self._weights[order], axis=1)
        middle = (reached >= 0.5 * reached[:, -1:]).argmax(axis=1)[:, None]
        medians: Matrix = np.take_along_axis(numbers, np.take_along_axis(order, middle, 1), 1)[:, 0]
        return medians


def write(model: Any) -> Written:
    """Write a fitted AdaBoost model.

    Raises:
        PlanUnsupported: Its members are no trees, or it knows only one class.
    """
    for member in model.estimators_:
        if type(member).__name__ not in SINGLE:
            raise PlanUnsupported(
                f"AdaBoost over {type(member).__name__} cannot be a plan, over trees it can"
            )
    weights = np.asarray(model.estimator_weights_, dtype=np.float64)[: len(model.estimators_)]
    if not hasattr(model, "classes_"):
        trees = [from_scikit_learn(member) for member in model.estimators_]
        return Written(pack_trees(trees, is_rounded=True, weights=weights))
    if len(model.classes_) < 2:
        raise PlanUnsupported("AdaBoost that knows only one class cannot be a plan")
    pairs = zip(model.estimators_, weights, strict=True)
    trees = [_voting(member, float(weight), model.classes_) for member, weight in pairs]
    total = np.array([model.estimator_weights_.sum()])
    return Written(pack_trees(trees, is_rounded=True, weights=total))


def _voting(member: Any, weight: float, classes: Any) -> Tree:
    tree = from_scikit_learn(member)
    chosen = member.classes_[tree.values.argmax(axis=1)]
    votes = np.where(chosen[:, None] == classes, weight, -1 / (len(classes) - 1) * weight)
    return Tree(tree.lefts, tree.rights, tree.features, tree.thresholds, tree.missing_right, votes)


def load(content: Content, options: Entry, shape: Shape) -> AdaBoostVote | AdaBoostMedian:  # noqa: ARG001
    """Read what `write` wrote."""
    arrays = Arrays(content)
    outputs = max(shape.classes, 1)
    trees = unpack_trees(arrays, width=shape.matrix_width, outputs=outputs, is_rounded=True)
    if not shape.classes:
        return AdaBoostMedian(trees, arrays.floats("weights", len(trees.roots)))
    total = float(arrays.floats("weights", 1)[0])
    if total == 0:
        raise PlanBroken("the weights of AdaBoost's trees must not add up to 0")
    return AdaBoostVote(trees, total)
