"""Columns that give an amount together: parts that add up to it, a weighted sum, or a product.

Found by orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad, 1993): the column nearest to what is
left is taken, and all taken ones are fitted again, until nothing is left.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from projects.quality.model import Suspect
from projects.quality.truth import Truth

MOST_PARTS = 6
FEWEST_ROWS = 50
LEFT = 1e-6
"""The share of the target's variance that rounding may leave."""
WHOLE = 1e-3
"""How far from 1 a part's weight may be."""
ROUNDING = 1e-4
"""An offset of less than this share of the target's standard deviation is rounding."""
SCREENED_ROWS = 4_000


def sums(columns: Mapping[str, Any], truth: Truth, rng: np.random.Generator) -> Suspect | None:
    """Find a few columns that give the target together.

    Args:
        columns: float64, shape (rows,) each, by name.
        truth: The same rows; an amount.
        rng: Draws the rows that are looked at first.
    """
    held = np.flatnonzero(truth.held)
    if len(held) < FEWEST_ROWS or len(columns) < 2:
        return None
    names = list(columns)
    rows = np.sort(rng.permutation(held)[:SCREENED_ROWS])
    matrix = np.stack([columns[name][rows] for name in names], axis=1)
    target = truth.amounts[rows]
    usable = np.isfinite(matrix).mean(0) > 0.95
    complete = np.isfinite(matrix[:, usable]).all(1)
    if complete.sum() < FEWEST_ROWS or usable.sum() < 2:
        return None
    kept = [name for name, use in zip(names, usable, strict=True) if use]
    matrix, target = matrix[complete][:, usable], target[complete]
    return _sum(kept, matrix, target, columns, truth) or _product(kept, matrix, target)


def _sum(
    names: Sequence[str], matrix: Any, target: Any, columns: Mapping[str, Any], truth: Truth
) -> Suspect | None:
    taken, weights, offset = _pursuit(matrix, target)
    if len(taken) < 2:
        return None
    parts = tuple(names[at] for at in taken)
    total = sum(columns[part] * weight for part, weight in zip(parts, weights, strict=True)) + offset
    held = truth.held & np.isfinite(total)
    if ((total - truth.amounts)[held] ** 2).mean() > LEFT * truth.amounts[held].var():
        return None
    formula = _formula(parts, weights, offset if abs(offset) > ROUNDING * target.std() else 0.0)
    are_parts = (
        np.abs(weights - 1).max() < WHOLE
        and abs(offset) < WHOLE * target.std()
        and min(float(columns[part][held].min()) for part in parts) >= 0
    )
    if are_parts:
        return Suspect(parts, f"they add up to the target: it is {formula}", "certain")
    return Suspect(
        parts, f"the target is a formula of them: {formula}; no model is needed for that", "suspected"
    )


def _product(names: Sequence[str], matrix: Any, target: Any) -> Suspect | None:
    """Find a product or a quotient: a sum of logarithms with weights of 1 and -1."""
    positive = (matrix > 0).all(0)
    if positive.sum() < 2 or (target <= 0).any():
        return None
    kept = [name for name, use in zip(names, positive, strict=True) if use]
    taken, powers, _ = _pursuit(np.log(matrix[:, positive]), np.log(target))
    if len(taken) < 2 or np.abs(np.abs(powers) - 1).max() > 0.01:
        return None
    parts = tuple(kept[at] for at in taken)
    above = " * ".join(f"'{part}'" for part, power in zip(parts, powers, strict=True) if power > 0)
    below = "".join(f" / '{part}'" for part, power in zip(parts, powers, strict=True) if power < 0)
    why = f"the target is proportional to {above or '1'}{below}; no model is needed for that"
    return Suspect(parts, why, "suspected")


def _pursuit(matrix: Any, target: Any) -> tuple[list[int], Any, float]:
    """Return the columns taken, their weights and the offset; no columns if something is left."""
    centred = matrix - matrix.mean(0)
    scale = np.sqrt((centred**2).sum(0))
    usable = scale > 1e-12 * (np.abs(matrix).max(0) + 1)
    unit = np.divide(centred, scale, out=np.zeros_like(centred), where=usable)
    y = target - target.mean()
    whole = float(y @ y)
    if whole == 0:
        return [], np.empty(0), 0.0
    taken: list[int] = []
    left = y
    while len(taken) < min(MOST_PARTS, int(usable.sum())):
        nearness = np.abs(unit.T @ left)
        nearness[taken] = 0.0
        taken.append(int(nearness.argmax()))
        weights = np.linalg.lstsq(centred[:, taken], y, rcond=None)[0]
        left = y - centred[:, taken] @ weights
        if float(left @ left) < LEFT * whole:
            order = np.argsort(taken)
            taken, weights = [taken[at] for at in order], weights[order]
            return taken, weights, float(target.mean() - matrix[:, taken].mean(0) @ weights)
    return [], np.empty(0), 0.0


def _formula(parts: Sequence[str], weights: Any, offset: float) -> str:
    terms = []
    for part, weight in zip(parts, weights, strict=True):
        times = "" if abs(abs(weight) - 1) < WHOLE else f"{abs(weight):.4g} * "
        terms.append(f"{'-' if weight < 0 else '+'} {times}'{part}'")
    listed = " ".join(terms).removeprefix("+ ")
    return f"{listed} {'+' if offset > 0 else '-'} {abs(offset):.4g}" if offset else listed
