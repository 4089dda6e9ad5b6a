"""Numeric distances: exact where all values are there, within the stated bound from a sketch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from monitoring.drift.numbers import NumberBase, NumberSketch, exact, wasserstein


def sketched(base: NumberBase, *parts: np.ndarray) -> NumberSketch:
    sketch = NumberSketch.empty(base)
    for part in parts:
        sketch.add(part, base)
    return sketch


def true(reference: np.ndarray, window: np.ndarray) -> float:
    return wasserstein_distance(reference, window) / NumberBase.of(reference).scale


SHAPES = {
    "normal": lambda rng, rows: rng.normal(size=rows),
    "heavy": lambda rng, rows: rng.lognormal(0, 2, rows),
    "few values": lambda rng, rows: rng.integers(0, 5, rows).astype(float),
    "far from zero": lambda rng, rows: 1.7e9 + rng.normal(size=rows),
    "tiny": lambda rng, rows: rng.normal(size=rows) * 1e-9,
    "mostly zero": lambda rng, rows: np.where(rng.random(rows) < 0.9, 0.0, rng.exponential(size=rows)),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("reference_rows", "rows"), [(2_000, 5_000), (10, 5_000), (2_000, 3), (1, 1)])
def test_a_sketch_is_within_its_bound(shape, reference_rows, rows):
    rng = np.random.default_rng(0)
    reference, window = SHAPES[shape](rng, reference_rows), SHAPES[shape](rng, rows) * 1.2
    base = NumberBase.of(reference)
    distance, error = wasserstein(base, sketched(base, window))
    assert abs(distance - true(reference, window)) <= error + 1e-6 * max(1.0, distance)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_bound_is_small(shape):
    rng = np.random.default_rng(1)
    base = NumberBase.of(SHAPES[shape](rng, 1_000))
    assert wasserstein(base, sketched(base, SHAPES[shape](rng, 20_000)))[1] < 0.01


NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40).map(np.array)


@given(reference=NUMBERS, window=NUMBERS)
@settings(max_examples=200)
def test_any_numbers_keep_to_the_bound_and_to_scipy(reference, window):
    base = NumberBase.of(reference.astype(float))
    expected = true(reference.astype(float), window.astype(float))
    distance, error = wasserstein(base, sketched(base, window.astype(float)))
    assert exact(base, window.astype(float)) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert abs(distance - expected) <= error + 1e-9 * max(1.0, expected)


def test_parts_merge_to_the_same_sketch():
    rng = np.random.default_rng(2)
    base, window = NumberBase.of(rng.normal(size=500)), rng.normal(size=1_000)
    merged, whole = sketched(base, window[:300]), sketched(base, window)
    merged.merge(sketched(base, window[300:]))
    assert np.array_equal(merged.counts, whole.counts)
    assert merged.offsets == pytest.approx(whole.offsets)
    assert (merged.outside, merged.least, merged.most) == (whole.outside, whole.least, whole.most)


def test_values_outside_the_reference_are_counted():
    base = NumberBase.of(np.array([1.0, 2.0, 3.0]))
    assert sketched(base, np.array([0.9, 1.0, 2.5, 3.0, 3.1, 99.0])).outside == 3


def test_a_constant_reference_has_evidentlys_smallest_scale():
    assert exact(NumberBase.of(np.full(10, 7.0)), np.full(5, 7.5)) == pytest.approx(500.0)


def test_huge_numbers_do_not_overflow():
    base = NumberBase.of(np.array([1.0, 2.0]))
    assert np.isfinite(wasserstein(base, sketched(base, np.array([1e308, -1e308])))[0])
