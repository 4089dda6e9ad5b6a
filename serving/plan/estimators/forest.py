"""Forests: the mean of trees. A single tree is a forest of one, a bag of trees one whose columns vary."""

from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, Content
from serving.plan.estimator import Entry, Indices, Matrix, Shape, Values
from serving.plan.estimators.tree_table import Tree, from_scikit_learn, pack_trees, unpack_trees
from serving.plan.estimators.tree_walk import Trees
from serving.plan.estimators.written import Written

SINGLE = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")


class Forest:
    """Answers the mean of the trees: shares of classes, or a number."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees

    def classify(self, matrix: Matrix) -> tuple[Indices, Values]:
        """The mean of the trees' class shares."""
        shares = self._mean(matrix)
        return shares.argmax(axis=1), shares

    def estimate(self, matrix: Matrix) -> Values:
        """The mean of the trees' values."""
        return self._mean(matrix)[:, 0]

    def _mean(self, matrix: Matrix) -> Matrix:
        return self._trees.sums(matrix) / len(self._trees.roots)


def write(model: Any) -> Written:
    """Write a fitted tree or forest."""
    members = [model] if type(model).__name__ in SINGLE else model.estimators_
    return Written(pack_trees([from_scikit_learn(member) for member in members], is_rounded=True))


def is_bag_of_trees(model: Any) -> bool:
    """Whether a fitted bag is one of trees, and so a forest."""
    return all(type(member).__name__ in SINGLE for member in model.estimators_)


def write_bag(model: Any) -> Written:
    """Write a fitted bag of trees, each over its own columns and classes."""
    classes = len(model.classes_) if hasattr(model, "classes_") else 0
    pairs = zip(model.estimators_, model.estimators_features_, strict=True)
    return Written(pack_trees([_placed(member, at, classes) for member, at in pairs], is_rounded=True))


def _placed(member: Any, columns: Any, classes: int) -> Tree:
    tree = from_scikit_learn(member)
    values = tree.values
    if classes:
        values = np.zeros((len(tree.values), classes))
        values[:, np.asarray(member.classes_, dtype=np.intp)] = tree.values
    features = np.asarray(columns)[np.maximum(tree.features, 0)]
    return Tree(tree.lefts, tree.rights, features, tree.thresholds, tree.missing_right, values)


def load(content: Content, options: Entry, shape: Shape) -> Forest:  # noqa: ARG001 - there are none
    """Read what `write` wrote."""
    outputs = max(shape.classes, 1)
    return Forest(unpack_trees(Arrays(content), width=shape.matrix_width, outputs=outputs, is_rounded=True))
