"""What the comparison cannot draw is changed on both sides alike."""

import numpy as np
import pandas as pd
import pytest

from monitoring.columns import Columns
from monitoring.drift.comparable import CATEGORIES, OTHER, comparable


def test_categories_beyond_the_common_ones_are_joined():
    names = [f"c{i:03}" for i in range(200)]
    reference = pd.DataFrame({"id": names * 2}, dtype="object")
    window = pd.DataFrame({"id": ["c000", "new", None]}, dtype="object")
    reference, window = comparable(reference, window, Columns((), ("id",)))
    assert reference["id"].nunique() == CATEGORIES + 1
    assert window["id"].tolist()[:2] == ["c000", OTHER]
    assert window["id"].isna().tolist() == [False, False, True]


def test_a_flood_of_unseen_categories_is_joined():
    reference = pd.DataFrame({"plan": ["a", "b"]}, dtype="object")
    window = pd.DataFrame({"plan": ["a", *(f"u{i}" for i in range(200))]}, dtype="object")
    _, window = comparable(reference, window, Columns((), ("plan",)))
    assert set(window["plan"]) == {"a", OTHER}


def numbers(reference, window):
    sides = comparable(pd.DataFrame({"x": reference}), pd.DataFrame({"x": window}), Columns(("x",), ()))
    return [side["x"].tolist() for side in sides]


def test_plain_numbers_stay_as_they_are():
    assert numbers([1.5, 2.25], [3.125, -4.0]) == [[1.5, 2.25], [3.125, -4.0]]


def test_numbers_that_differ_by_rounding_become_equal():
    assert numbers([0.1 + 0.2, 0.3], [0.3]) == [[0.3, 0.3], [0.3]]


def test_large_numbers_become_deviations_from_the_median():
    reference, window = numbers([1e18, 2e18, 3e18], [2e18 + np.std([1e18, 2e18, 3e18])])
    assert reference == pytest.approx([-1.22474, 0.0, 1.22474])
    assert window == pytest.approx([1.0])


def test_large_numbers_without_spread_are_kept_within_bounds():
    assert numbers([1e18, 1e18], [2e18]) == [[0.0, 0.0], [1e6]]


def test_missing_numbers_stay_missing():
    assert np.isnan(numbers([np.nan, 1.0], [np.nan])[1]).all()
