"""What each column tells of the target, and which columns say nearly the same, on a frame of bounded size."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from projects.quality.association import Coded, association, coded, information_bits
from projects.quality.model import Relation, Twins

SAME = 0.999
"""Two amounts of this correlation say the same but for rounding."""
MOST_PAIRED = 300
"""Columns that are compared with one another; of more, the first ones."""
MOST_TWINS = 50
FEWEST_ROWS = 20
ROWS_A_LABEL = 5


def relations(frame: pd.DataFrame, target: "pd.Series[Any]") -> tuple[Relation, ...]:
    """Measure what each column tells of the target, the most telling first.

    Args:
        frame: float64 and object columns, without the target.
        target: float64 for an amount, else object; the same rows.
    """
    truth = coded(target)
    found = []
    for name in frame.columns:
        column = coded(frame[name])
        measure, strength, sign = association(column, truth)
        found.append(Relation(str(name), measure, strength, sign, information_bits(column, truth)))
    return tuple(sorted(found, key=lambda relation: -relation.strength))


def twins(frame: pd.DataFrame, distinct: Mapping[str, int]) -> tuple[Twins, ...]:
    """Find pairs of columns that say nearly the same.

    Args:
        frame: float64 and object columns.
        distinct: Distinct values by column; constant columns are passed over.
    """
    names = [str(name) for name in frame.columns if distinct.get(str(name), 2) > 1][:MOST_PAIRED]
    if len(frame) < FEWEST_ROWS:
        return ()
    amounts = [name for name in names if frame[name].dtype == np.float64]
    labels = [
        name for name in names if frame[name].dtype == object and distinct.get(name, 0) <= len(frame) / 2
    ]
    return (_same_amounts(frame, amounts) + _same_labels(frame, labels))[:MOST_TWINS]


def _same_amounts(frame: pd.DataFrame, names: Sequence[str]) -> tuple[Twins, ...]:
    if len(names) < 2:
        return ()
    values = frame[list(names)].to_numpy()
    held = np.isfinite(values)
    centred = np.where(held, values - _means(values, held), 0.0)
    scale = np.sqrt((centred**2).sum(0))
    unit = centred / np.where(scale > 0, scale, 1.0)
    likeness = unit.T @ unit
    found = []
    for left, right in zip(*np.nonzero(np.triu(np.abs(likeness) > SAME, k=1)), strict=True):
        value = _same(values[:, left], values[:, right])
        if value:
            found.append(Twins(names[left], names[right], value))
    return tuple(found)


def _means(values: Any, held: Any) -> Any:
    counts = np.maximum(held.sum(0), 1)
    return np.where(held, values, 0.0).sum(0) / counts


def _same(left: Any, right: Any) -> str:
    both = np.isfinite(left) & np.isfinite(right)
    a, b = left[both], right[both]
    if len(a) < FEWEST_ROWS or len(a) < 0.5 * np.isfinite(left).sum() or a.std() == 0 or b.std() == 0:
        return ""
    if np.array_equal(a, b):
        return "they are equal"
    value = float(np.corrcoef(a, b)[0, 1])
    return f"their correlation is {value:.4f}" if abs(value) > SAME else ""


def _same_labels(frame: pd.DataFrame, names: Sequence[str]) -> tuple[Twins, ...]:
    columns = {name: _labels(frame[name]) for name in names}
    often = {name: np.sort(np.bincount(columns[name].codes)[1:])[::-1] for name in names}
    found = []
    for at, left in enumerate(names):
        for right in names[at + 1 :]:
            why = _one_to_one(columns[left], columns[right]) if _alike(often[left], often[right]) else ""
            if why:
                found.append(Twins(left, right, why))
    return tuple(found)


def _labels(column: "pd.Series[Any]") -> Coded:
    codes = pd.factorize(column.to_numpy())[0] + 1
    return Coded(None, codes.astype(np.int64), int(codes.max(initial=0)) + 1)


def _alike(left: Any, right: Any) -> bool:
    """Whether two columns' labels come about as often, so that a closer look is worth its time."""
    if min(len(left), len(right)) < 2 or abs(len(left) - len(right)) > 0.01 * len(left):
        return False
    common = min(len(left), len(right))
    return bool(np.abs(left[:common] - right[:common]).sum() <= 0.1 * left.sum())


def _one_to_one(left: Coded, right: Coded) -> str:
    """Say so if each label of one column goes with one label of the other."""
    both = (left.codes > 0) & (right.codes > 0)
    rows = int(both.sum())
    if rows < max(FEWEST_ROWS, ROWS_A_LABEL * left.levels) or rows < 0.5 * int((left.codes > 0).sum()):
        return ""
    pairs, counts = np.unique(left.codes[both] * right.levels + right.codes[both], return_counts=True)
    by_count = np.argsort(-counts, kind="stable")
    lefts, rights = (pairs // right.levels)[by_count], (pairs % right.levels)[by_count]
    partner = dict(zip(lefts[::-1].tolist(), rights[::-1].tolist(), strict=True))
    if len(set(partner.values())) < 0.99 * len(partner):
        return ""
    together = np.array([partner[a] == b for a, b in zip(lefts.tolist(), rights.tolist(), strict=True)])
    share = float(counts[by_count][together].sum()) / rows
    if share < SAME:
        return ""
    return "each label of one goes with one of the other" + (
        "" if share == 1 else f" in {share:.2%} of the rows"
    )
