"""Trees in and out: scikit-learn's node arrays become flat arrays, and flat arrays are checked when read.

A child always stands after its parent, and each node but a root has one parent: what is read is a forest,
without cycles, whatever the file says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, pack
from serving.plan.estimator import Indices, Matrix, Values
from serving.plan.estimators.tree_walk import Trees
from serving.plan.model import PlanBroken, PlanUnsupported

LEAF = -1
LARGEST = np.finfo(np.float64).max
INFINITE = np.inf


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree as its library keeps it.

    Attributes:
        lefts: Left children, -1 for a leaf.
        rights: Right children.
        features: The column that each node compares.
        thresholds: A row goes right if its value is greater.
        missing_right: Whether a missing value goes right.
        values: Each node's answer; shape (nodes, outputs).
    """

    lefts: Indices
    rights: Indices
    features: Indices
    thresholds: Matrix
    missing_right: Values
    values: Matrix


def from_scikit_learn(estimator: Any) -> Tree:
    """Take a fitted decision tree's nodes.

    Raises:
        PlanUnsupported: It answers several targets at once.
    """
    if estimator.n_outputs_ != 1:
        raise PlanUnsupported("trees for several targets at once cannot be a plan")
    tree = estimator.tree_
    return Tree(
        tree.children_left, tree.children_right, tree.feature, tree.threshold,
        tree.missing_go_to_left == 0, tree.value[:, 0, :].copy(),
    )  # fmt: skip


def from_histogram(predictor: Any) -> Tree:
    """Take the nodes of one tree of a HistGradientBoosting model.

    Raises:
        PlanUnsupported: It splits by sets of categories.
    """
    nodes = predictor.nodes
    if nodes["is_categorical"].any():
        raise PlanUnsupported("trees that split by sets of categories cannot be a plan; encode the columns")
    ends = nodes["is_leaf"].astype(bool)
    return Tree(
        np.where(ends, LEAF, nodes["left"].astype(np.intp)), nodes["right"].astype(np.intp),
        nodes["feature_idx"].astype(np.intp), nodes["num_threshold"], nodes["missing_go_to_left"] == 0,
        nodes["value"][:, None].copy(),
    )  # fmt: skip


def pack_trees(trees: Sequence[Tree], *, is_rounded: bool, **more: Any) -> bytes:
    """Write trees, and other arrays beside them.

    Args:
        trees: In the order in which their answers are added up.
        is_rounded: Whether values are rounded to float32 before they are compared.
        more: Arrays of the model itself.
    """
    parts = [_renumbered(tree) for tree in trees]
    sizes = [len(part.lefts) for part in parts]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
    thresholds = np.concatenate([part.thresholds for part in parts])
    lefts = np.concatenate([part.lefts + root for part, root in zip(parts, roots, strict=True)])
    is_leaf = lefts == np.arange(len(lefts))
    if is_rounded:
        thresholds = _rounded_down(thresholds)
    return pack(
        features=np.concatenate([part.features for part in parts]).astype(np.int32),
        thresholds=np.where(is_leaf, INFINITE, thresholds).astype(thresholds.dtype),
        lefts=lefts.astype(np.int32),
        places=_places(is_leaf),
        missing_right=np.concatenate([part.missing_right for part in parts]).astype(np.int8),
        values=np.concatenate([part.values for part in parts]),
        roots=roots.astype(np.int32),
        **more,
    )


def unpack_trees(arrays: Arrays, *, width: int, outputs: int, is_rounded: bool) -> Trees:
    """Read what `pack_trees` wrote.

    Raises:
        PlanBroken: The arrays are no trees over `width` columns with `outputs` answers.
    """
    count = len(arrays.indices("lefts", None, low=0, high=2**31))
    lefts = arrays.indices("lefts", count, low=0, high=count)
    roots = arrays.integers("roots", None, low=0, high=count)
    is_leaf = lefts == np.arange(count)
    values = arrays.floats("values", int(is_leaf.sum()), outputs)
    _check_forest(lefts, roots, is_leaf)
    return Trees(
        features=arrays.indices("features", count, low=0, high=width),
        thresholds=_thresholds(arrays, is_leaf, np.dtype(np.float32 if is_rounded else np.float64)),
        lefts=lefts,
        missing_right=_missing_right(arrays, is_leaf),
        places=_leaf_places(arrays, is_leaf),
        values=values,
        roots=roots,
        steps=_depth(lefts, roots),
    )


def _thresholds(arrays: Arrays, is_leaf: Values, wanted: np.dtype[Any]) -> Values:
    """The thresholds, infinite in leaves; earlier plans have zeros there, and are copied."""
    stored = arrays.stored("thresholds", len(is_leaf))
    if not np.isfinite(stored[~is_leaf]).all():
        raise PlanBroken("array 'thresholds' must be finite where a tree splits")
    if stored.dtype == wanted and (stored[is_leaf] == INFINITE).all():
        return stored
    thresholds: Values = np.where(is_leaf, INFINITE, stored).astype(wanted)
    return thresholds


def _missing_right(arrays: Arrays, is_leaf: Values) -> Values:
    stored = arrays.indices("missing_right", len(is_leaf), low=0, high=2)
    right = stored.view(bool) if stored.itemsize == 1 else stored.astype(bool)
    return right & ~is_leaf if right[is_leaf].any() else right


def _leaf_places(arrays: Arrays, is_leaf: Values) -> Indices:
    places = _places(is_leaf)
    if not arrays.has("places"):
        return places
    stored = arrays.indices("places", len(is_leaf), low=-1, high=len(is_leaf))
    if not np.array_equal(stored, places):
        raise PlanBroken("array 'places' must number the leaves")
    return stored


def _places(is_leaf: Values) -> Indices:
    """Each leaf's number among the leaves."""
    places: Indices = (np.cumsum(is_leaf) - 1).astype(np.int32)
    return places


def _renumbered(tree: Tree) -> Tree:
    """Breadth first, so that siblings are neighbours; the values are the leaves' alone."""
    levels = [np.zeros(1, dtype=np.intp)]
    while True:
        splits = levels[-1][tree.lefts[levels[-1]] != LEAF]
        if not len(splits):
            break
        levels.append(np.stack([tree.lefts[splits], tree.rights[splits]], axis=1).ravel().astype(np.intp))
    order = np.concatenate(levels)
    is_leaf = tree.lefts[order] == LEAF
    lefts = np.arange(len(order))
    lefts[~is_leaf] = 1 + 2 * np.arange(len(order) - is_leaf.sum())
    return Tree(
        lefts=lefts,
        rights=lefts + 1,
        features=np.where(is_leaf, 0, tree.features[order]),
        thresholds=np.where(is_leaf, 0.0, np.minimum(tree.thresholds[order], LARGEST)),
        missing_right=np.where(is_leaf, 0, tree.missing_right[order]),
        values=tree.values[order[is_leaf]].astype(np.float64),
    )


def _rounded_down(thresholds: Matrix) -> Values:
    """The largest float32 that is not greater: a float32 is greater than both or than neither."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    rounded: Values = np.where(nearest.astype(np.float64) > thresholds, below, nearest)
    return rounded


def _check_forest(lefts: Indices, roots: Indices, is_leaf: Values) -> None:
    count = len(lefts)
    if not len(roots) or roots[0] != 0 or (np.diff(roots) <= 0).any():
        raise PlanBroken("the trees' roots must rise from 0")
    ends = np.append(roots[1:], count)[np.searchsorted(roots, np.arange(count), side="right") - 1]
    splits = np.flatnonzero(~is_leaf)
    children = lefts[splits]
    if (children <= splits).any() or (children + 1 >= ends[splits]).any():
        raise PlanBroken("a tree's node must stand before its children, in the same tree")
    parents = np.bincount(np.concatenate([children, children + 1, roots]), minlength=count)
    if (parents != 1).any():
        raise PlanBroken("each node of a tree must have one parent")


def _depth(lefts: Indices, roots: Indices) -> int:
    level, depth = roots, 0
    while True:
        splits = level[lefts[level] != level]
        if not len(splits):
            return depth
        level = np.concatenate([lefts[splits], lefts[splits] + 1])
        depth += 1
