"""Trees as flat arrays: every tree and every row take one step down at a time.

The nodes of all trees lie in one array. A leaf points to itself with an infinite threshold, so that all walks
can take as many steps as the deepest tree needs. A node's right child stands one after its left, so that a
step is one addition. Now and then the walks that have ended are set aside.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.plan.estimator import Indices, Matrix, Values
from serving.plan.model import PlanInputError

BLOCK_CELLS = 1 << 17
"""Rows are walked in blocks of about so many (row, tree) pairs, so that the walk stays in the cache."""

STEPS_BETWEEN = 6
"""After so many steps the ended walks are set aside, if they are enough."""

WORTH_SETTING_ASIDE = 0.7
FEW_CELLS = 256
"""Below so many cells a sum is one call, above it one call a tree; both add tree after tree."""


@dataclass(frozen=True, slots=True)
class Trees:
    """All trees of a model.

    Attributes:
        features: The column that each node compares; shape (nodes,).
        thresholds: A row goes right if its value is greater; infinite in a leaf; shape (nodes,). Of float32
            if values are rounded to it, else of float64.
        lefts: Each node's left child, itself for a leaf; shape (nodes,).
        missing_right: Whether a missing value goes right; shape (nodes,).
        places: A leaf's row in `values`; shape (nodes,).
        values: Each leaf's answer; shape (leaves, outputs).
        roots: Where each tree starts; shape (trees,).
        steps: The depth of the deepest tree.
    """

    features: Indices
    thresholds: Values
    lefts: Indices
    missing_right: NDArray[np.bool_]
    places: Indices
    values: Matrix
    roots: Indices
    steps: int

    def leaves(self, matrix: Matrix) -> Iterator[Matrix]:
        """Walk the rows, block by block.

        Yields:
            The answers of the trees for a block, of shape (trees, rows, outputs).

        Raises:
            PlanInputError: A number is beyond float32 where values are rounded to it.
        """
        cells, has_gaps = self._rounded(matrix)
        rows = max(1, BLOCK_CELLS // len(self.roots))
        for start in range(0, len(cells), rows):
            block = cells[start : start + rows]
            ends = self._walk(block, has_gaps=has_gaps)
            yield self.values.take(self.places.take(ends), axis=0).reshape(len(self.roots), len(block), -1)

    def sums(self, matrix: Matrix, groups: int = 1) -> Matrix:
        """Add up the answers of every `groups`-th tree, tree after tree; shape (rows, groups * outputs)."""
        blocks = [_added(leaves, groups) for leaves in self.leaves(matrix)]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _rounded(self, matrix: Matrix) -> tuple[Values, bool]:
        if self.thresholds.dtype == np.float64:
            return matrix, not np.isfinite(matrix).all()
        with np.errstate(over="ignore"):
            rounded = matrix.astype(np.float32)
        if np.isfinite(rounded).all():
            return rounded, False
        if np.isinf(rounded).any():
            raise PlanInputError("a number is too large for a model of trees, which reads numbers as float32")
        return rounded, True

    def _walk(self, block: Values, *, has_gaps: bool) -> Indices:
        rows, width = block.shape
        nodes = np.repeat(self.roots, rows)
        starts = np.tile(np.arange(rows) * width, len(self.roots))
        cells = block.ravel()
        ends: Indices | None = None
        walking = nodes
        for step in range(self.steps):
            if step and step % STEPS_BETWEEN == 0:
                going = np.flatnonzero(self.lefts.take(nodes) != nodes)
                if len(going) < WORTH_SETTING_ASIDE * len(nodes):
                    if ends is None:
                        ends, walking = nodes, going
                    else:
                        ends[walking] = nodes
                        walking = walking.take(going)
                    nodes, starts = nodes.take(going), starts.take(going)
            nodes = self._step(nodes, cells.take(self.features.take(nodes) + starts), has_gaps=has_gaps)
        if ends is None:
            return nodes
        ends[walking] = nodes
        return ends

    def _step(self, nodes: Indices, cells: Values, *, has_gaps: bool) -> Indices:
        right = cells > self.thresholds.take(nodes)
        if has_gaps:
            right |= np.isnan(cells) & self.missing_right.take(nodes)
        children: Indices = self.lefts.take(nodes) + right
        return children


def _added(leaves: Matrix, groups: int) -> Matrix:
    """Add up in order, as scikit-learn does: pairwise sums differ in the last bit."""
    trees, rows, outputs = leaves.shape
    parts = leaves.reshape(trees // groups, groups, rows, outputs)
    if rows * groups * outputs < FEW_CELLS:
        total = np.add.accumulate(parts, axis=0)[-1]
    else:
        total = parts[0].copy()
        for part in parts[1:]:
            total += part
    sums: Matrix = total.transpose(1, 0, 2).reshape(rows, groups * outputs)
    return sums
