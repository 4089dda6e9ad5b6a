"""A random forest as flat arrays: every tree and every row take one step down at a time.

The nodes of all trees lie in one array. A leaf points to itself with an infinite threshold, so that all
walks can take as many steps as the deepest tree needs. A node's right child stands one after its left, so
that a step is one addition.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.plan.estimator import Indices, Values
from serving.plan.model import PlanInputError

FILE = "forest.npz"
LEAF = -1
BLOCK_CELLS = 1 << 17
"""Rows are walked in blocks of about so many (row, tree) pairs, so that the walk stays in the cache."""


class Forest:
    """Walks all trees at once.

    Args:
        features: The column that each node compares; shape (nodes,).
        thresholds: A row goes right if its value, rounded to float32, is greater; shape (nodes,).
        lefts: Each node's left child, itself for a leaf; shape (nodes,).
        values: Each node's answer; shape (nodes, outputs).
        roots: Where each tree starts; shape (trees,).
        steps: The depth of the deepest tree.
    """

    def __init__(
        self,
        *,
        features: NDArray[np.intp],
        thresholds: NDArray[np.float64],
        lefts: NDArray[np.intp],
        values: NDArray[np.float64],
        roots: NDArray[np.intp],
        steps: int,
    ) -> None:
        self._features, self._thresholds, self._lefts = features, thresholds, lefts
        self._values, self._roots, self._steps = values, roots, steps

    def classify(self, matrix: NDArray[np.float64]) -> tuple[Indices, Values]:
        """The mean of the trees' class shares."""
        shares = self._mean(matrix)
        return shares.argmax(axis=1), shares

    def estimate(self, matrix: NDArray[np.float64]) -> Values:
        """The mean of the trees' values."""
        return self._mean(matrix)[:, 0]

    def _mean(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(over="ignore"):
            rounded = matrix.astype(np.float32)
        if not np.isfinite(rounded).all():
            raise PlanInputError("a number is too large for a random forest, which reads numbers as float32")
        rows_a_block = max(1, BLOCK_CELLS // len(self._roots))
        blocks = [
            self._mean_of_block(rounded[start : start + rows_a_block])
            for start in range(0, len(rounded), rows_a_block)
        ]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _mean_of_block(self, rounded: NDArray[np.float32]) -> NDArray[np.float64]:
        rows, width = rounded.shape
        nodes = np.repeat(self._roots, rows)
        starts = np.tile(np.arange(rows) * width, len(self._roots))
        cells = rounded.ravel().astype(np.float64)
        for _ in range(self._steps):
            right = cells.take(self._features.take(nodes) + starts) > self._thresholds.take(nodes)
            nodes = self._lefts.take(nodes) + right
        leaves = self._values[nodes].reshape(len(self._roots), rows, -1)
        # Added up tree after tree, as scikit-learn does: pairwise sums differ in the last bit.
        total: NDArray[np.float64] = np.add.accumulate(leaves, axis=0)[-1]
        return total / len(self._roots)


def write(model: Any, folder: Path) -> str:
    """Write a fitted RandomForestClassifier's or RandomForestRegressor's trees; return the file's name."""
    parts = [_renumbered(estimator.tree_) for estimator in model.estimators_]
    sizes = [len(features) for features, _, _, _ in parts]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
    np.savez(
        folder / FILE,
        features=np.concatenate([features for features, _, _, _ in parts]).astype(np.int32),
        thresholds=np.concatenate([thresholds for _, thresholds, _, _ in parts]),
        lefts=np.concatenate(
            [lefts + root for (_, _, lefts, _), root in zip(parts, roots, strict=True)]
        ).astype(np.int32),
        values=np.concatenate([values for _, _, _, values in parts]),
        roots=roots,
        steps=np.array(max(estimator.tree_.max_depth for estimator in model.estimators_)),
    )
    return FILE


def _renumbered(tree: Any) -> tuple[Any, Any, Any, Any]:
    """Breadth first, so that siblings are neighbours."""
    order, at = [0], 0
    new_left = []
    while at < len(order):
        node = order[at]
        if tree.children_left[node] == LEAF:
            new_left.append(at)
        else:
            new_left.append(len(order))
            order += [tree.children_left[node], tree.children_right[node]]
        at += 1
    is_leaf = tree.children_left[order] == LEAF
    features = np.where(is_leaf, 0, tree.feature[order]).astype(np.intp)
    thresholds = np.where(is_leaf, np.inf, tree.threshold[order])
    return features, thresholds, np.array(new_left, dtype=np.intp), tree.value[order, 0, :]


def load(path: Path) -> Forest:
    """Read what `write` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return Forest(
            features=arrays["features"].astype(np.intp),
            thresholds=arrays["thresholds"],
            lefts=arrays["lefts"].astype(np.intp),
            values=arrays["values"],
            roots=arrays["roots"].astype(np.intp),
            steps=int(arrays["steps"]),
        )
