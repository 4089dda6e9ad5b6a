"""Rows as the frame that is learned from."""

import datetime as dt
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.errors import BadInput
from projects.sampling.frame import frame_of

CELLS = {
    "whole": [1, None, 3],
    "part": [0.5, float("nan"), None],
    "truth": [True, None, False],
    "text": ["é", None, ""],
    "day": [dt.date(2024, 2, 29), None, dt.date(1999, 12, 31)],
    "moment": np.array(["2024-01-02T03:04:05.6", "NaT", "2024-01-02"], dtype="datetime64[us]"),
}


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    pq.write_table(pa.table(CELLS), tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


def test_numbers_and_truths_are_float64_with_nan_for_gaps(rows: Path) -> None:
    frame = frame_of(rows)
    assert [frame[name].dtype for name in ("whole", "part", "truth")] == [np.float64] * 3
    np.testing.assert_array_equal(frame["whole"], [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(frame["part"], [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(frame["truth"], [1.0, np.nan, 0.0])


def test_texts_are_objects_with_none_for_gaps_and_an_empty_text_stays_one(rows: Path) -> None:
    frame = frame_of(rows)
    assert frame["text"].dtype == object
    assert frame["text"].tolist() == ["é", None, ""]


def test_dates_are_iso_texts(rows: Path) -> None:
    frame = frame_of(rows)
    assert frame["day"].tolist() == ["2024-02-29", None, "1999-12-31"]
    assert frame["moment"].tolist() == ["2024-01-02T03:04:05.6", None, "2024-01-02T00:00:00"]


def test_columns_come_in_the_order_asked_for(rows: Path) -> None:
    assert list(frame_of(rows, ["text", "whole"]).columns) == ["text", "whole"]


def test_an_unknown_column_is_answered_with_the_nearest(rows: Path) -> None:
    with pytest.raises(BadInput, match="there is no column 'momnt'; did you mean 'moment'"):
        frame_of(rows, ["momnt"])


def test_a_file_that_is_no_parquet_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match=r"rows.parquet' must be a readable Parquet file"):
        frame_of(tmp_path / "rows.parquet")


def test_equal_texts_are_one_object_across_batches_and_rows_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    duckdb.sql(f"COPY (SELECT i, 'level ' || i % 3 AS text FROM range(250000) t(i)) TO '{path}'")
    frame = frame_of(path)
    assert len({id(text) for text in frame["text"]}) == 3
    np.testing.assert_array_equal(frame["i"], np.arange(250_000))


def test_odd_names_and_paths_are_read(tmp_path: Path) -> None:
    path = tmp_path / "it's [1]*.parquet"
    pq.write_table(pa.table({'a "quoted" name; DROP': [1], "'": ["x"], "": ["y"]}), path)
    assert frame_of(path).iloc[0].tolist() == [1.0, "x", "y"]


def test_a_table_without_rows_is_an_empty_frame(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}), tmp_path / "e")
    frame = frame_of(tmp_path / "e")
    assert frame.shape == (0, 2)
    assert list(frame.dtypes) == [np.float64, object]
