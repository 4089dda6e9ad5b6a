"""Categorical counts: exact, whatever comes."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.spatial.distance import jensenshannon

from monitoring.drift.categories import KEPT_UNSEEN, CategoryBase, CategorySketch, distance, joined


def sides(reference: list[str], *parts: list[str]):
    base = CategoryBase.of(pd.Series(reference))
    sketch = CategorySketch.empty(base)
    for part in parts:
        sketch.add(pa.array(part, pa.string()), base)
    return base, sketch


def test_the_distance_is_scipys():
    base, sketch = sides(["a"] * 6 + ["b"] * 4, ["a", "b", "b", "c"])
    assert distance(*joined(base, sketch)) == pytest.approx(jensenshannon([0.6, 0.4, 0], [0.25, 0.5, 0.25]))


def test_it_does_not_matter_how_many_categories_are_new():
    one = joined(*sides(["a", "b"], ["a", "new", "new"]))
    many = joined(*sides(["a", "b"], ["a", "new", "newer"]))
    assert distance(*one) == distance(*many)
    assert distance(*many) == pytest.approx(jensenshannon([0.5, 0.5, 0, 0], [1 / 3, 0, 1 / 3, 1 / 3]))


def test_unseen_values_are_counted_and_the_first_names_kept():
    _, sketch = sides(["a"], ["a", "x"], [f"u{i}" for i in range(500)])
    assert (sketch.unseen, sketch.rows, len(sketch.named)) == (501, 502, KEPT_UNSEEN)
    assert sketch.named["x"] == 1


def test_rare_categories_are_joined():
    names = [f"c{i:03}" for i in range(200)]
    left, right = joined(*sides(names * 2, names, ["new"]))
    assert len(left) == len(right) == 51
    assert (left[-1], right[-1]) == (300, 151)


def test_parts_merge_to_the_same_counts():
    base, left = sides(["a", "b", "b"], ["a", "x"])
    right, whole = CategorySketch.empty(base), sides(["a", "b", "b"], ["a", "x", "b", "x", "y"])[1]
    right.add(pa.array(["b", "x", "y"]), base)
    left.merge(right)
    assert np.array_equal(left.counts, whole.counts)
    assert (left.unseen, left.named) == (whole.unseen, whole.named)


def test_categories_that_stand_once_are_counted():
    assert CategoryBase.of(pd.Series(["a", "a", "b", "c"])).once == 2
