"""The thresholds: what chance explains is no drift, and what it does not explain is."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from monitoring.noise import SHIFT, Chance, jensen_shannon_threshold, wasserstein_threshold


def normed_distance(reference: np.ndarray, window: np.ndarray) -> float:
    return wasserstein_distance(reference, window) / max(reference.std(), 0.001)


@pytest.mark.parametrize("rows", [50, 500, 5_000])
def test_windows_without_drift_alarm_in_at_most_five_percent(rows):
    rng, chance = np.random.default_rng(1), Chance.of(1)
    alarms = 0
    for _ in range(200):
        reference, window = rng.normal(size=2_000), rng.normal(size=rows)
        alarms += normed_distance(reference, window) >= wasserstein_threshold(reference, rows, chance)
    assert alarms <= 0.05 * 200 + 6  # two standard deviations of the count itself


def test_many_columns_share_the_error():
    rng, chance = np.random.default_rng(2), Chance.of(20)
    alarmed = 0
    for _ in range(60):
        pairs = [(rng.normal(size=500), rng.normal(size=60)) for _ in range(20)]
        alarmed += any(normed_distance(r, w) >= wasserstein_threshold(r, 60, chance) for r, w in pairs)
    assert alarmed <= 8


def test_a_quarter_of_a_deviation_in_two_thousand_rows_is_found():
    rng, chance = np.random.default_rng(3), Chance.of(20)
    found = 0
    for _ in range(40):
        reference, window = rng.normal(size=2_000), rng.normal(0.25, size=2_000)
        found += normed_distance(reference, window) >= wasserstein_threshold(reference, 2_000, chance)
    assert found >= 36


def test_a_large_window_does_not_lower_the_threshold_below_a_shift_that_matters():
    reference = np.random.default_rng(4).normal(size=10_000)
    assert wasserstein_threshold(reference, 1_000_000, Chance.of(1)) == SHIFT


def test_a_constant_reference_keeps_the_shift_that_matters():
    assert wasserstein_threshold(np.full(100, 7.0), 100, Chance.of(1)) == SHIFT


def test_the_threshold_of_tiny_numbers_is_in_evidently_unit():
    reference = np.random.default_rng(5).normal(size=10_000) * 1e-5
    assert wasserstein_threshold(reference, 1_000_000, Chance.of(1)) == pytest.approx(SHIFT * 0.01, rel=0.05)


@pytest.mark.parametrize(("categories", "rows"), [(2, 50), (10, 200), (50, 1_000)])
def test_categories_without_drift_alarm_in_at_most_five_percent(categories, rows):
    rng, chance = np.random.default_rng(6), Chance.of(1)
    shares = 1 / np.arange(1, categories + 1)
    shares /= shares.sum()
    alarms = 0
    for _ in range(100):
        reference, window = rng.multinomial(2_000, shares), rng.multinomial(rows, shares)
        distance = jensenshannon(reference / 2_000, window / rows)
        alarms += distance >= jensen_shannon_threshold(reference, window, chance)
    assert alarms <= 0.05 * 100 + 4


def test_swapped_categories_are_found():
    threshold = jensen_shannon_threshold(np.array([90, 10]), np.array([10, 90]), Chance.of(30))
    assert jensenshannon([0.9, 0.1], [0.1, 0.9]) > threshold
