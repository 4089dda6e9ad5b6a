"""Intervals hold what they promise, for shares, means and scores."""

import numpy as np
import pytest
from scipy.stats import binomtest

from projects.evaluation.intervals import (
    Interval,
    difference_interval,
    paired_interval,
    score_intervals,
    share_interval,
    with_interval,
)
from projects.evaluation.metrics import Answers, measure_all

RNG = np.random.default_rng(1)


def binary(rows):
    truth = RNG.integers(0, 2, rows)
    score = np.clip(0.3 * truth + 0.7 * RNG.random(rows), 0, 1)
    return Answers(truth, (score > 0.5).astype(int), np.column_stack([1 - score, score]), (0, 1))


@pytest.mark.parametrize(("hits", "rows"), [(0, 10), (3, 10), (10, 10), (450, 1000)])
def test_the_interval_of_a_share_is_wilsons(hits, rows):
    wanted = binomtest(hits, rows).proportion_ci(method="wilson")
    found = share_interval(hits, rows)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))


def test_a_share_of_no_rows_may_be_anything():
    assert share_interval(0, 0) == Interval(0.0, 1.0)


def test_every_score_lies_in_its_interval():
    answers = binary(500)
    found = score_intervals(answers, "binary", seed=1)
    scores = measure_all(answers, "binary")
    assert set(found) == set(scores)
    assert all(found[name].low <= scores[name] <= found[name].high for name in scores)


def test_the_interval_of_the_accuracy_is_about_that_of_a_share():
    answers = binary(800)
    found = score_intervals(answers, "binary", seed=1)["accuracy"]
    wanted = share_interval(int((answers.truth == answers.predictions).sum()), 800)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=0.012)


def test_more_rows_than_are_drawn_make_the_interval_narrower_still():
    found = score_intervals(binary(80_000), "binary", seed=1, seconds=60)["accuracy"]
    assert found.half == pytest.approx(1.96 * np.sqrt(0.85 * 0.15 / 80_000), rel=0.35)


def test_where_drawing_is_slow_fewer_rows_are_drawn_and_the_interval_stays_about_as_wide():
    answers, seconds = binary(8_000), iter(range(100_000))
    slow = score_intervals(answers, "binary", seed=1, seconds=190, clock=lambda: next(seconds) / 2)
    fast = score_intervals(answers, "binary", seed=1, seconds=1000)
    assert slow["accuracy"].half == pytest.approx(fast["accuracy"].half, rel=0.35)


def test_few_rows_have_no_interval():
    assert score_intervals(binary(9), "binary", seed=1) == {}


def test_no_time_gives_no_interval():
    seconds = iter(range(1000))
    assert score_intervals(binary(100), "binary", seed=1, seconds=1, clock=lambda: float(next(seconds))) == {}


def test_the_same_seed_gives_the_same_intervals():
    answers = binary(60)
    assert score_intervals(answers, "binary", seed=5) == score_intervals(answers, "binary", seed=5)


def test_the_difference_of_means_of_the_same_kind_holds_zero():
    found = difference_interval(RNG.normal(size=300), RNG.normal(size=300))
    assert found.low < 0 < found.high


def test_many_comparisons_make_a_difference_less_sure():
    a, b = RNG.normal(size=50), RNG.normal(size=50)
    assert difference_interval(a, b, comparisons=20).half > difference_interval(a, b).half


def test_paired_differences_are_surer_than_their_spread():
    found = paired_interval(0.1 + RNG.normal(0, 0.05, 400))
    assert 0.08 < found.low < found.high < 0.12


def test_a_score_is_written_with_its_interval():
    assert with_interval(0.83151, Interval(0.8, 0.85)) == "0.8315 (0.8000 to 0.8500)"
    assert with_interval(0.83151, None) == "0.8315"
