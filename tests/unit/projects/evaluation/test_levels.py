"""Columns are cut into parts that share out all rows."""

import numpy as np
import pandas as pd
import pytest

from projects.evaluation.levels import levels

RNG = np.random.default_rng(5)
COLUMNS = {
    "few numbers": pd.Series([1.0, 2.0, np.nan, 2.0]),
    "many numbers": pd.Series(RNG.normal(size=100)),
    "one number": pd.Series(np.full(20, 7.0)),
    "close numbers": pd.Series(1000 + RNG.random(50) / 100),
    "few texts": pd.Series(["a", "b", None, "a"], dtype=object),
    "many texts": pd.Series([f"t{n}" for n in range(30)] * 2, dtype=object),
    "dates": pd.Series([f"2024-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(60)] + [None], dtype=object),
    "dates and times": pd.Series([f"2024-01-{1 + n % 28:02}T10:00:00" for n in range(60)], dtype=object),
    "yes and no": pd.Series([True, False, True]),
    "nothing": pd.Series([None, None], dtype=object),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_each_row_is_in_one_part(name):
    parts = list(levels(COLUMNS[name]))
    assert (np.sum([mask for _, mask in parts], axis=0) == 1).all()
    assert len({part for part, _ in parts}) == len(parts)


def test_numbers_are_cut_into_four_ranges_of_about_equally_many_rows():
    parts = list(levels(pd.Series(np.arange(100.0))))
    assert [part for part, _ in parts] == ["0 to below 25", "25 to below 50", "50 to below 74", "74 to 99"]
    assert {int(mask.sum()) for _, mask in parts} == {24, 25, 26}


def test_dates_are_cut_into_ranges_of_time():
    parts = [part for part, _ in levels(COLUMNS["dates"])]
    assert parts[0].startswith("2024-01-01 to below 2024-0")
    assert parts[-1] == "(missing)"


def test_rare_texts_share_a_part():
    parts = dict(levels(COLUMNS["many texts"]))
    assert list(parts)[-1] == "(others)"
    assert len(parts) == 8


def test_numbers_that_are_written_alike_are_told_apart():
    assert len({part for part, _ in levels(COLUMNS["close numbers"])}) == 4
