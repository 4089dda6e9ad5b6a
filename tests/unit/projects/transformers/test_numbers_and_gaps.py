"""Gaps and outliers of numbers, and gaps of texts in the order of the rows."""

import numpy as np
import pandas as pd
import pytest

from projects.transformers.clip_outliers import ClipOutliers
from projects.transformers.fill_along import FillAlong

GAP = np.nan


def test_iqr_bounds_are_tukeys_fences():
    numbers = np.arange(101.0).reshape(-1, 1)
    clip = ClipOutliers("iqr", threshold=1.5).fit(numbers)
    assert (clip.lower_[0], clip.upper_[0]) == (25 - 1.5 * 50, 75 + 1.5 * 50)
    assert clip.transform([[1000.0], [50.0], [-1000.0]]).ravel().tolist() == [150.0, 50.0, -50.0]


def test_zscore_bounds_are_deviations_from_the_mean():
    numbers = np.random.default_rng(0).normal(5, 2, (500, 1))
    clip = ClipOutliers("zscore", threshold=2).fit(numbers)
    assert clip.upper_[0] == pytest.approx(numbers.mean() + 2 * numbers.std())


def test_none_clips_nothing():
    assert ClipOutliers("none").fit([[0.0], [1.0]]).transform([[1e9]])[0, 0] == 1e9


def test_a_gap_is_neither_counted_nor_clipped():
    clip = ClipOutliers("iqr", 0.5).fit([[0.0], [1.0], [GAP], [2.0]])
    assert np.isnan(clip.transform([[GAP]])[0, 0])
    assert clip.upper_[0] == pytest.approx(1.5 + 0.5)


@pytest.mark.parametrize("method", ["iqr", "zscore"])
def test_a_column_of_mostly_one_value_gets_no_bound(method):
    cells = [[0.0]] * 9 + [[5.0 if method == "iqr" else 0.0]]
    assert ClipOutliers(method).fit(cells).transform([[7.0]]).tolist() == [[7.0]]


def test_a_column_of_gaps_alone_has_no_bounds():
    clip = ClipOutliers("zscore").fit([[GAP], [GAP]])
    assert clip.transform([[7.0]])[0, 0] == 7.0


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method must be 'iqr', 'zscore' or 'none', not 'mad'"):
        ClipOutliers("mad").fit([[1.0]])


@pytest.mark.parametrize(("direction", "oracle"), [("forward", "ffill"), ("backward", "bfill")])
def test_training_rows_are_filled_as_pandas_does(direction, oracle):
    frame = pd.DataFrame({"a": [1.0, GAP, GAP, 4.0], "b": [5.0, GAP, 7.0, 8.0]})
    wanted = getattr(frame, oracle)().to_numpy()
    np.testing.assert_array_equal(FillAlong(direction).fit_transform(frame), wanted)


@pytest.mark.parametrize(("direction", "fill"), [("forward", 4.0), ("backward", 1.0)])
def test_a_later_gap_takes_the_same_value_whatever_rows_it_comes_with(direction, fill):
    made = FillAlong(direction).fit([[1.0], [GAP], [4.0]])
    assert made.transform([[GAP]]).tolist() == [[fill]]
    assert made.transform([[9.0], [GAP], [9.0]]).tolist() == [[9.0], [fill], [9.0]]


def test_a_gap_with_nothing_before_it_takes_the_fixed_value():
    assert FillAlong("forward").fit_transform([[GAP], [3.0]]).tolist() == [[3.0], [3.0]]


def test_texts_are_filled_too():
    texts = pd.DataFrame({"t": pd.Series(["x", None, "y"], dtype=object)})
    assert FillAlong("forward").fit_transform(texts).tolist() == [["x"], ["x"], ["y"]]
