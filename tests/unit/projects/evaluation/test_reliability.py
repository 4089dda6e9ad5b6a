"""Probabilities that mean what they say are told from those that do not."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from projects.evaluation.metrics import Answers
from projects.evaluation.reliability import reliability

RNG = np.random.default_rng(2)


def answers(rows, bend=lambda share: share):
    share = RNG.random(rows)
    truth = (RNG.random(rows) < share).astype(int)
    said = bend(share)
    return Answers(truth, (said > 0.5).astype(int), np.column_stack([1 - said, said]), (0, 1))


def test_the_bins_are_scikit_learns():
    given = answers(1000)
    seen, said = calibration_curve(given.truth, given.probabilities[:, 1], n_bins=10, strategy="quantile")
    found = reliability(given, seed=1)
    assert [one.said for one in found.bins] == pytest.approx(said.tolist(), abs=1e-9)
    assert [one.seen for one in found.bins] == pytest.approx(seen.tolist(), abs=1e-9)


def test_the_error_is_the_mean_distance_over_the_bins():
    found = reliability(answers(1000), seed=1)
    wanted = sum(one.rows * abs(one.said - one.seen) for one in found.bins) / 1000
    assert found.ece == pytest.approx(wanted)


def test_perfect_probabilities_are_not_off():
    found = reliability(answers(3000), seed=1)
    assert not found.is_off
    assert found.by_chance == pytest.approx(found.ece, abs=0.02)


def test_probabilities_that_are_too_sure_are_off():
    found = reliability(answers(3000, bend=lambda share: np.clip(2 * share - 0.5, 0.001, 0.999)), seed=1)
    assert found.is_off
    assert found.ece == pytest.approx(0.125, abs=0.03)


def test_for_several_classes_the_class_that_is_called_is_looked_at():
    shares = RNG.dirichlet([1, 1, 1], 500)
    truth = np.array([RNG.choice(3, p=row) for row in shares])
    found = reliability(Answers(truth, shares.argmax(axis=1), shares, (0, 1, 2)), seed=1)
    assert found.what == "the class that is called"
    assert min(one.said for one in found.bins) >= 1 / 3


def test_numbers_and_handfuls_have_no_reliability():
    assert reliability(Answers(np.ones(50), np.ones(50), None, None), seed=1) is None
    assert reliability(answers(5), seed=1) is None


def test_one_probability_for_all_rows_makes_one_point_a_bin():
    said = np.full((200, 2), 0.5)
    found = reliability(Answers(RNG.integers(0, 2, 200), np.zeros(200, int), said, (0, 1)), seed=1)
    assert {one.said for one in found.bins} == {0.5}
