"""Levels of texts: spellings, rare ones, ranks, counts and the target's mean."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import KFold
from sklearn.preprocessing import TargetEncoder

from projects.transformers import clean_levels
from projects.transformers.clean_levels import CleanLevels
from projects.transformers.group_rare import RARE, GroupRare
from projects.transformers.level_counts import LevelCounts
from projects.transformers.ordinal_levels import OrdinalLevels
from projects.transformers.target_levels import TargetLevels
from serving.plan.encoding import spelling


def column(*texts):
    return pd.DataFrame({"t": pd.Series(texts, dtype=object)})


def test_spellings_become_the_most_frequent_one():
    made = CleanLevels().fit(column("Fire-Fighter", "Fire-Fighter", " fire fighter", "FIRE_FIGHTER", "Cook"))
    assert made.transform(column("fire  fighter.", " COOK ")).ravel().tolist() == ["Fire-Fighter", "Cook"]


def test_a_rare_level_one_letter_off_is_a_typo():
    texts = ["Manager"] * 20 + ["Managr", "Worker"]
    assert CleanLevels().fit_transform(column(*texts)).ravel().tolist()[-2:] == ["Manager", "Worker"]


@pytest.mark.parametrize(
    "texts", [["Grade 1"] * 30 + ["Grade 2"], ["male"] * 30 + ["mile"], ["Manager"] * 5 + ["Managr"]]
)
def test_other_digits_short_words_and_frequent_ones_are_no_typos(texts):
    assert CleanLevels().fit_transform(column(*texts)).ravel().tolist() == texts


def test_typos_can_be_kept():
    texts = ["Manager"] * 20 + ["Managr"]
    assert CleanLevels(similar=False).fit_transform(column(*texts)).ravel().tolist() == texts


def test_an_unknown_text_and_a_gap_stay_as_they_are():
    assert CleanLevels().fit(column("a", "b")).transform(column("Zoo!", None)).ravel().tolist() == [
        "Zoo!",
        None,
    ]


@given(st.text(max_size=20))
def test_the_plan_knows_spellings_as_the_transformer_does(text):
    assert spelling.key_of(text) == clean_levels.key_of(text)


def test_rare_levels_become_one_and_so_do_new_ones():
    made = GroupRare(min_count=2).fit(column("a", "a", "b", "c"))
    assert made.transform(column("a", "b", "new", None)).ravel().tolist() == ["a", RARE, RARE, None]


def test_levels_can_be_bounded_in_number():
    made = GroupRare(min_count=1, max_levels=1).fit(column("a", "a", "b"))
    assert made.levels_ == [["a"]]


def test_ranks_by_frequency_start_with_the_rarest():
    made = OrdinalLevels().fit(column("a", "a", "a", "b", "c", "c"))
    assert made.transform(column("b", "c", "a", "new", None)).ravel().tolist() == [0, 1, 2, -1, -1]


def test_ranks_by_the_target_follow_its_mean():
    made = OrdinalLevels("target").fit(column("a", "b", "a", "b"), [5.5, 1.0, 6.0, 2.0])
    assert made.transform(column("b", "a")).ravel().tolist() == [0, 1]


def test_counts_are_logarithms():
    made = LevelCounts().fit(column("a", "a", "b"))
    assert made.transform(column("a", "new", None)).ravel().tolist() == [np.log1p(2), 0.0, 0.0]


def test_a_training_row_is_not_counted_among_its_own_others():
    texts = column("a", "a", "b", None)
    learned = LevelCounts().fit_transform(texts).ravel()
    assert learned.tolist() == [np.log1p(1), np.log1p(1), 0.0, 0.0]


@pytest.mark.parametrize(
    ("kind", "y"), [("continuous", np.linspace(0, 9, 60)), ("binary", np.arange(60) % 3 == 0)]
)
def test_target_means_are_scikit_learns_cross_fitted_ones(kind, y):
    texts = column(*(f"l{n % 7}" for n in range(60)))
    oracle = TargetEncoder(target_type=kind, cv=KFold(5, shuffle=True, random_state=0))
    np.testing.assert_array_equal(
        TargetLevels(kind).fit_transform(texts, y), oracle.fit_transform(texts.to_numpy(), y)
    )


def test_no_row_is_encoded_by_its_own_target():
    texts, y = column(*(f"unique {n}" for n in range(50))), np.arange(50.0)
    encoded = TargetLevels("continuous").fit_transform(texts, y).ravel()
    assert len(set(np.round(encoded, 9))) <= 5  # one mean a fold: nothing of the row itself


def test_only_the_most_frequent_classes_get_a_column():
    y = np.repeat(np.arange(12), np.arange(20, 32))
    texts = column(*(f"l{n % 5}" for n in range(len(y))))
    made = TargetLevels("multiclass", max_classes=3).fit(texts, y)
    assert made.get_feature_names_out().tolist() == ["t_9", "t_10", "t_11"]
    assert made.transform(texts).shape == (len(y), 3)
