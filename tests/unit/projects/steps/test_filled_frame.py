"""A frame filled is what the same rows become as a file, in the frame's own types."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.requirement.model import Cleaning
from projects.steps.filled import fill
from projects.steps.filled_frame import fill_frame

STRATEGIES = ["mean", "median", "mode", "drop", "forward_fill", "backward_fill"]


def table(rows=120):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "size": rng.normal(10, 4, rows),
            "weight": rng.integers(0, 9, rows).astype(float),
            "city": rng.choice(["Köln", "Oslo", "東京"], rows),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 9, rows), unit="D"),
            "count": rng.integers(0, 5, rows),
        },
        index=[f"r{at}" for at in range(rows)],
    )
    frame.loc[frame.index[3], "size"] = 500.0
    for place, name in enumerate(["size", "weight", "city", "day"]):
        frame.loc[frame.index[place + 2 :: 9], name] = None
    return frame


@pytest.mark.parametrize("method", ["iqr", "zscore", "none"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_frame_becomes_what_its_file_becomes(strategy, method, tmp_path):
    frame, cleaning = table(), Cleaning(missing_strategy=strategy, outlier_method=method)
    plain = frame.reset_index(drop=True)
    pq.write_table(pa.Table.from_pandas(plain, preserve_index=False), tmp_path / "rows.parquet")
    done = fill(tmp_path / "rows.parquet", tmp_path / "out.parquet", cleaning)
    made, told = fill_frame(frame, cleaning)
    pd.testing.assert_frame_equal(
        made.reset_index(drop=True), pd.read_parquet(tmp_path / "out.parquet"), check_dtype=False
    )
    assert told == done


def test_rows_keep_their_places_in_the_index():
    made, _ = fill_frame(table(), Cleaning(missing_strategy="drop"))
    assert set(made.index) < set(table().index)
    assert made.loc["r0", "count"] == table().loc["r0", "count"]


def test_names_that_differ_by_their_case_alone_are_two_columns():
    frame = pd.DataFrame({"a": [1.0, None, 3.0], "A": [10.0, 20.0, None]})
    made, _ = fill_frame(frame, Cleaning(missing_strategy="mean"))
    assert made.to_dict("list") == {"a": [1.0, 2.0, 3.0], "A": [10.0, 20.0, 15.0]}


def test_what_was_given_is_not_changed():
    given = table()
    fill_frame(given, Cleaning(missing_strategy="mean", outlier_method="iqr"))
    pd.testing.assert_frame_equal(given, table())


@pytest.mark.parametrize(
    ("cells", "filled"),
    [
        (pd.array([1, None, 3], dtype="Int64"), pd.array([1, 2, 3], dtype="Int64")),
        (pd.array([1, None, 2], dtype="Int64"), pd.array([1, 1.5, 2], dtype="Float64")),
        (pd.Categorical(["a", None, "a"], categories=["b", "a"]), pd.Categorical(["a"] * 3, ["b", "a"])),
        ([True, None, True], np.array([True, True, True])),
        (["1.5", " ", "2.5"], [1.5, 2.0, 2.5]),
        (np.array([1, 2, 3], dtype=np.int8), np.array([1, 2, 3], dtype=np.int8)),
    ],
)
def test_columns_keep_their_types_where_those_can_hold_what_is_filled(cells, filled):
    made, _ = fill_frame(pd.DataFrame({"x": cells}), Cleaning(missing_strategy="mean"))
    pd.testing.assert_series_equal(made["x"], pd.Series(filled, name="x"))


def test_codes_with_leading_zeros_stay_texts():
    made, _ = fill_frame(pd.DataFrame({"zip": ["01067", "20095", None]}), Cleaning(missing_strategy="mode"))
    assert made["zip"].tolist() == ["01067", "20095", "01067"]


def test_a_column_with_nothing_to_fill_from_stays_as_it_is():
    frame = pd.DataFrame({"x": [1.0, 2.0], "nothing": [None, None]})
    made, told = fill_frame(frame, Cleaning(missing_strategy="mean"))
    assert made["nothing"].isna().all()
    assert told.filled == {}


def test_moments_keep_their_zone():
    when = pd.to_datetime(["2024-01-01", None, "2024-01-01"], utc=True)
    made, _ = fill_frame(pd.DataFrame({"when": when}), Cleaning(missing_strategy="mode"))
    assert made["when"].tolist() == [when[0]] * 3


def test_the_kept_column_is_left_alone_and_rows_without_it_go():
    frame = pd.DataFrame({"x": [1.0, None, 3.0], "y": ["a", "b", None]})
    made, _ = fill_frame(frame, Cleaning(missing_strategy="mean"), keep="y")
    assert made["x"].tolist() == [1.0, 1.0]
    assert made["y"].tolist() == ["a", "b"]
