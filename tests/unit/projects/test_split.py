"""One split, stratified and the same for the same seed."""

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.split import split_rows
from projects.target import read_target


def split(cells, holdout=0.2, seed=3):
    frame = pd.DataFrame({"x": np.arange(len(cells)), "y": cells})
    return split_rows(frame[["x"]], read_target(frame, "y"), holdout=holdout, seed=seed)


def test_no_row_is_on_both_sides():
    parts = split(["a", "b"] * 50)
    assert sorted([*parts.X_train["x"], *parts.X_held["x"]]) == list(range(100))


def test_classes_keep_their_shares():
    for seed in range(8):
        parts = split(["rare"] * 10 + ["often"] * 90, seed=seed)
        assert (parts.y_held == "rare").sum() == 2


def test_the_seed_decides():
    first, again, other = split([0, 1] * 50), split([0, 1] * 50), split([0, 1] * 50, seed=4)
    assert first.X_held["x"].tolist() == again.X_held["x"].tolist() != other.X_held["x"].tolist()


def test_features_and_truth_stay_together():
    parts = split([float(n) + 0.5 for n in range(50)])
    assert (parts.y_held == parts.X_held["x"] + 0.5).all()


@pytest.mark.parametrize(("few", "rows"), [(1, "1 row,"), (2, "2 rows,")])
def test_a_class_too_small_is_refused(few, rows):
    with pytest.raises(BadInput, match=f"class 'rare' of target 'y' has {rows} at least 3 are needed"):
        split(["often"] * 40 + ["rare"] * few)


def test_too_few_rows_are_refused():
    with pytest.raises(BadInput, match="10 rows with a target are too few; 20 are needed"):
        split([0, 1] * 5)


def test_too_many_classes_for_the_rows_are_refused():
    with pytest.raises(BadInput, match="has too many classes for its rows"):
        split(list("abcdefgh") * 3, holdout=0.5)


def test_a_class_that_the_held_out_rows_use_up_is_refused():
    used_up_at = 1
    with pytest.raises(BadInput, match="class 'rare' of target 'y' has too few rows left to learn from"):
        split(["rare"] * 3 + ["often"] * 97, holdout=0.5, seed=used_up_at)
