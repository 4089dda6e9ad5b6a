"""What chance brings: p-values are what they say, on both kinds of distance."""

import numpy as np
import pytest

from monitoring.drift.categories import distance
from monitoring.drift.chance import Drawn, of_categories, of_numbers
from monitoring.drift.numbers import NumberBase, exact

SHAPES = {
    "normal": lambda rng, rows: rng.normal(size=rows),
    "heavy": lambda rng, rows: rng.lognormal(0, 2, rows),
    "rare outliers": lambda rng, rows: np.where(rng.random(rows) < 0.002, 1e6, rng.normal(size=rows)),
    "few values": lambda rng, rows: rng.poisson(1, rows).astype(float),
}


def p_of_numbers(reference: np.ndarray, window: np.ndarray) -> float:
    base = NumberBase.of(reference)
    pooled = np.concatenate([reference, window])
    rows = len(reference), len(window)
    return of_numbers(pooled, np.ones(len(pooled)), rows, base.scale, seed=0).p_value(exact(base, window))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rows", [50, 1_000])
def test_numbers_of_one_distribution_rarely_look_unlikely(shape, rows):
    rng = np.random.default_rng(1)
    found = [p_of_numbers(SHAPES[shape](rng, 1_000), SHAPES[shape](rng, rows)) for _ in range(300)]
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 2.6 * 0.0126
    assert np.mean(np.array(found) <= 0.005) <= 0.005 + 3 * 0.0041


@pytest.mark.parametrize(("names", "rows"), [(2, 50), (10, 200), (50, 1_000)])
def test_categories_of_one_distribution_rarely_look_unlikely(names, rows):
    rng = np.random.default_rng(2)
    shares = 1 / np.arange(1, names + 1)
    shares /= shares.sum()
    found = []
    for _ in range(120):
        left, right = rng.multinomial(2_000, shares), rng.multinomial(rows, shares)
        there = left + right > 0
        left, right = left[there], right[there]
        found.append(of_categories(left, right, seed=0).p_value(distance(left, right)))
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 2.6 * 0.02


def test_a_shift_looks_unlikely():
    rng = np.random.default_rng(3)
    assert p_of_numbers(rng.normal(size=1_000), rng.normal(0.25, 1, 1_000)) < 1e-4


def test_p_value_and_distance_are_each_others_inverse_in_the_tail():
    drawn = Drawn.of(np.random.default_rng(4).normal(size=1_000) ** 2)
    for level in (0.05, 0.01, 1e-6):
        assert drawn.p_value(drawn.distance_at(level) * (1 + 1e-12)) == pytest.approx(level, rel=0.06)


def test_draws_that_are_all_alike_make_any_larger_distance_impossible():
    drawn = Drawn.of(np.zeros(10))
    assert (drawn.p_value(0.0), drawn.p_value(0.1)) == (1.0, 0.0)


def test_the_same_seed_gives_the_same_level():
    rng = np.random.default_rng(5)
    sides = rng.normal(size=300), rng.normal(size=100)
    assert p_of_numbers(*sides) == p_of_numbers(*sides)
