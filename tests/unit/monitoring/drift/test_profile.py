"""A window's profile: counts are exact, whatever the rows hold and however they come."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from monitoring.drift.profile import Profiler
from tests.unit.monitoring.drift.drift_frames import logged, profiled, referred, rows

REFERENCE = referred(rows(500, 0))


def added(*tables: pa.Table) -> object:
    profiler = Profiler(REFERENCE, sample_rows=1_000)
    for table in tables:
        profiler.add(table)
    return profiler.profile()


def features(**cells: object) -> pa.Table:
    return pa.table({"features": pa.table(cells).to_struct_array()})


def test_missing_and_endless_numbers_are_counted_apart():
    age = pa.array([1.0, None, float("nan"), float("inf"), float("-inf")])
    counts = added(features(age=age)).counts["age"]
    assert (counts.missing, counts.not_finite, counts.wrong_type) == (2, 2, 0)


def test_words_where_numbers_belong_are_counted():
    profile = added(features(age=["12", "old", "", None, "1e3", "nan", "n/a"]))
    counts = profile.counts["age"]
    assert (counts.wrong_type, counts.missing, profile.present("age")) == (2, 3, 2)


def test_numbers_where_words_belong_are_counted():
    assert added(features(plan=[1.0, 2.0, None])).counts["plan"].wrong_type == 2


def test_lists_where_numbers_belong_are_counted():
    assert added(features(age=[[1.0], None])).counts["age"].wrong_type == 1


def test_a_column_that_is_nowhere_is_absent_and_missing_in_each_row():
    profile = profiled(REFERENCE, rows(20, 1).drop(columns="age"))
    assert (profile.absent, profile.counts["age"].missing) == (("age",), 20)


def test_a_column_that_some_parts_have_is_not_absent():
    profile = profiled(REFERENCE, rows(20, 1).drop(columns="age"), rows(10, 2))
    assert (profile.absent, profile.counts["age"].missing) == ((), 20)


def test_a_new_column_is_told_with_its_values():
    assert profiled(REFERENCE, rows(20, 1).assign(extra=[None, *range(19)])).new == {"extra": 19}


def test_rows_without_features_are_profiled_by_their_prediction():
    table = pa.table({"features": pa.nulls(3), "prediction": [0, 1, None]})
    profile = added(table)
    assert (profile.present("prediction"), profile.present("age")) == (2, 0)


def test_no_rows_make_an_empty_profile():
    profile = added(logged(rows(10, 1)).slice(0, 0))
    assert (profile.rows, len(profile.sample), profile.absent) == (0, 0, ())


def test_a_column_may_change_its_type_from_part_to_part():
    profile = added(features(age=[1.0, 2.0]), features(age=["3", "x"]), features(age=[True, False]))
    assert (profile.present("age"), profile.counts["age"].wrong_type) == (5, 1)


def test_parts_give_what_the_whole_gives():
    window = rows(900, 1)
    whole, parts = profiled(REFERENCE, window), profiled(REFERENCE, window[:100], window[100:])
    pd.testing.assert_frame_equal(whole.sample, parts.sample)
    assert whole.counts == parts.counts


def test_merged_profilers_count_what_one_counts():
    window = rows(900, 1).assign(extra=1)
    window.loc[:50, "age"] = np.nan
    left, right = (Profiler(REFERENCE, sample_rows=2_000, seed=seed) for seed in (0, 1))
    left.add(logged(window[:300]))
    right.add(logged(window[300:]))
    left.merge(right)
    whole, merged = profiled(REFERENCE, window), left.profile()
    assert (merged.rows, merged.counts, merged.new) == (900, whole.counts, whole.new)
    assert np.array_equal(merged.sketches["age"].counts, whole.sketches["age"].counts)
    assert merged.is_whole


def test_the_sample_is_bounded_and_laid_out_as_the_reference():
    profile = profiled(REFERENCE, rows(5_000, 1), sample_rows=300)
    assert profile.sample.shape == (300, 4)
    assert list(profile.sample) == list(REFERENCE.rows)
    assert not profile.is_whole


@pytest.mark.parametrize("name", ["a/b", "../x", "ä ö", "index", "<b>", 'q"uote', "a.b"])
def test_any_column_name_is_profiled(name):
    frame = pd.DataFrame({name: np.arange(100.0)})
    assert profiled(referred(frame), frame).present(name) == 100
