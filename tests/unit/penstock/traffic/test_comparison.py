"""Whether one side is better beyond chance."""

import numpy as np
import pytest

from penstock.traffic.comparison import FEWEST, LEVEL, Sample, always_valid_p, compare


def told(a: Sample, b: Sample, *, is_more_better: bool = True) -> str:
    return compare(a, b, what="accuracy", is_more_better=is_more_better).word


def test_few_outcomes_say_nothing() -> None:
    assert told(Sample.of_hits(0, FEWEST - 1), Sample.of_hits(1000, 1000)) == "too_few"


def test_equal_shares_are_no_difference() -> None:
    assert told(Sample.of_hits(80, 100), Sample.of_hits(81, 100)) == "no_difference"


def test_a_large_difference_is_told_for_the_better_side() -> None:
    assert told(Sample.of_hits(950, 1000), Sample.of_hits(800, 1000)) == "a_better"
    assert told(Sample.of_hits(800, 1000), Sample.of_hits(950, 1000)) == "b_better"


def test_of_errors_the_smaller_is_better() -> None:
    assert told(Sample(1000, 1.0, 0.5), Sample(1000, 2.0, 0.5), is_more_better=False) == "a_better"


def test_the_unit_of_errors_does_not_matter() -> None:
    small, large = (
        (Sample(500, 1.0e-3, 1e-6), Sample(500, 1.2e-3, 1e-6)),
        (Sample(500, 1.0, 1), Sample(500, 1.2, 1)),
    )
    assert always_valid_p(*small) == pytest.approx(always_valid_p(*large))


def test_sides_without_any_failure_do_not_differ() -> None:
    assert told(Sample.of_hits(0, 5000), Sample.of_hits(0, 50), is_more_better=False) == "no_difference"


def test_figures_stand_in_the_sentence() -> None:
    found = compare(Sample.of_hits(95, 100), Sample.of_hits(50, 100), what="accuracy", is_more_better=True)
    assert found.sentence.startswith("model A is better beyond chance: accuracy 0.95 against 0.5 (p ")


def test_looking_again_and_again_finds_no_difference_where_there_is_none() -> None:
    # A p-value that is meant for one look calls a difference in a third of such tests.
    rng, wrong, runs = np.random.default_rng(7), 0, 300
    for _ in range(runs):
        a, b = (np.cumsum(rng.random(2000) < 0.8) for _ in range(2))
        looks = range(50, 2001, 50)
        wrong += any(
            always_valid_p(Sample.of_hits(a[n - 1], n), Sample.of_hits(b[n - 1], n)) <= LEVEL for n in looks
        )
    assert wrong / runs <= LEVEL


def test_a_difference_of_ten_points_is_found_within_a_thousand_outcomes() -> None:
    rng, found, runs = np.random.default_rng(8), 0, 100
    for _ in range(runs):
        hits = [int((rng.random(1000) < share).sum()) for share in (0.85, 0.75)]
        found += always_valid_p(*(Sample.of_hits(each, 1000) for each in hits)) <= LEVEL
    assert found / runs >= 0.9
