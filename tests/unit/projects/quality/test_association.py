"""Measures of association beside scipy and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mutual_info_score

from projects.quality.association import association, coded, information_bits

RNG = np.random.default_rng(5)


def labels(codes: np.ndarray) -> "pd.Series":
    return pd.Series([f"v{code}" for code in codes], dtype=object)


def test_two_amounts_have_their_rank_correlation() -> None:
    x = RNG.normal(size=500)
    y = -np.exp(x) + RNG.normal(size=500)
    measure, strength, sign = association(coded(pd.Series(x)), coded(pd.Series(y)))
    assert (measure, sign) == ("correlation", -1)
    assert strength == pytest.approx(abs(spearmanr(x, y).statistic))


def test_gaps_are_left_out_of_a_correlation() -> None:
    x = np.r_[np.arange(50.0), np.nan, 7.0]
    y = np.r_[np.arange(50.0), 3.0, np.nan]
    assert association(coded(pd.Series(x)), coded(pd.Series(y)))[1] == pytest.approx(1.0, abs=1e-3)


def test_labels_that_explain_nothing_have_no_strength() -> None:
    many = labels(RNG.integers(0, 100, 2000))
    for other in (pd.Series(RNG.normal(size=2000)), labels(RNG.integers(0, 3, 2000))):
        assert association(coded(many), coded(other))[1] < 0.15


def test_labels_that_are_the_same_have_all_strength() -> None:
    codes = RNG.integers(0, 5, 500)
    assert association(coded(labels(codes)), coded(labels(codes + 10)))[:2] == (
        "Cramér's V",
        pytest.approx(1.0),
    )


def test_the_correlation_ratio_is_the_root_of_the_share_between_labels() -> None:
    codes = RNG.integers(0, 2, 4000)
    strength = association(coded(labels(codes)), coded(pd.Series(codes + RNG.normal(0, 0.01, 4000))))[1]
    assert strength == pytest.approx(np.sqrt(0.75), abs=0.01)


def test_information_is_that_of_scikit_learn_but_for_the_correction() -> None:
    left = RNG.integers(0, 4, 5000)
    right = np.where(RNG.random(5000) < 0.7, left, RNG.integers(0, 4, 5000))
    bits = information_bits(coded(labels(left)), coded(labels(right)))
    assert bits == pytest.approx(mutual_info_score(left, right) / np.log(2), abs=0.002)


def test_columns_of_nothing_tell_nothing() -> None:
    empty, amount = coded(pd.Series([None] * 5, dtype=object)), coded(pd.Series(np.full(5, np.nan)))
    for left in (empty, amount):
        for right in (empty, amount):
            assert association(left, right)[1] == 0.0
            assert information_bits(left, right) == 0.0
