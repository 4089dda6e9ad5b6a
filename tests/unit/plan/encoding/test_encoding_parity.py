"""An encoder makes the matrix that the fitted steps make, to the last bit, whatever the rows hold."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.plan.model import PlanInputError
from tests.unit.plan.encoding.encoding_fixtures import (
    CITIES,
    STYLES,
    TASKS,
    TITLES,
    WAYS,
    as_frame,
    prepared,
    table,
)  # fmt: skip

CASES = [(way, style, "binary") for way in WAYS for style in ("linear", "trees")]
CASES += [("defaults", style, task) for style, task in zip(STYLES, TASKS[::-1], strict=True)]
NUMBERS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=False, width=64),
    st.sampled_from([0.0, -0.0, 1e-300, 1e300, -1e308, 5e-324, 10.5]),
    st.integers(-(2**60), 2**60),
)
SPELT = ["oslo", " OSLO ", "köln.", "LIMA!", "senior  clerk 3", "(missing)", "(rare)", "Oslo & Lima", "", " "]
TEXTS = st.one_of(
    st.none(), st.just(math.nan), st.sampled_from([*CITIES, *TITLES[::7], *SPELT]), st.text(max_size=12)
)
NOTES = st.one_of(
    TEXTS, st.lists(st.sampled_from(["phone", "Refund", "x", "bill,"]), max_size=9).map(" ".join)
)
DATES = st.one_of(
    TEXTS,
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.dates().map(str),
    st.sampled_from(
        [
            "2021-02-29",
            "2021-02-28T23:59:59.999999",
            " 2021-01-01 ",
            "2020-01-01T00:00:00+05:30",
            "20200101",
            "2021-W05-2",
        ]
    ),
)
ROWS = st.lists(st.tuples(NUMBERS, TEXTS, NUMBERS, TEXTS, NOTES, DATES, DATES), min_size=1, max_size=5)


@pytest.mark.parametrize(("way", "style", "task"), CASES)
@settings(max_examples=8)
@given(rows=ROWS)
def test_dirty_rows_are_encoded_as_the_steps_do_or_refused_as_they_do(way, style, task, rows):
    made = prepared(way, style, task)
    with np.errstate(all="ignore"):
        wanted = np.asarray(made.steps.transform(as_frame(rows)), dtype=np.float64)
    if not np.isfinite(wanted).all():  # a model would refuse it
        with pytest.raises(PlanInputError, match="must be a number that stays finite when scaled"):
            made.encoder.encode(rows)
        return
    np.testing.assert_array_equal(made.encoder.encode(rows), wanted)


@pytest.mark.parametrize(("way", "style", "task"), CASES)
def test_one_row_few_rows_many_rows_and_columns_are_the_same(way, style, task):
    made, frame = prepared(way, style, task), table(90)
    rows = [tuple(None if pd.isna(cell) else cell for cell in row) for row in frame.astype(object).to_numpy()]
    wanted = np.asarray(made.steps.transform(frame), dtype=np.float64)
    np.testing.assert_array_equal(made.encoder.encode(rows), wanted)
    np.testing.assert_array_equal(made.encoder.encode(rows[:9]), wanted[:9])
    np.testing.assert_array_equal(np.vstack([made.encoder.encode([row]) for row in rows]), wanted)
    arrays = [frame[name].to_numpy() for name in frame]
    np.testing.assert_array_equal(made.encoder.encode_columns(arrays), wanted)
    lists = [[row[place] for row in rows] for place in range(len(rows[0]))]
    np.testing.assert_array_equal(made.encoder.encode_columns(lists), wanted)


@pytest.mark.parametrize("way", WAYS)
def test_null_and_nan_are_the_same_gap(way):
    encoder = prepared(way, "linear", "binary").encoder
    nulls, nans = (None, None, 3.0, None, None, None, None), (math.nan, math.nan, 3.0, *[math.nan] * 4)
    np.testing.assert_array_equal(encoder.encode([nulls]), encoder.encode([nans]))
    np.testing.assert_array_equal(encoder.encode([nulls] * 30), encoder.encode([nans] * 30))


def test_the_matrix_is_one_block_of_doubles():
    for rows in (1, 5, 40):
        matrix = prepared("defaults", "trees", "binary").encoder.encode(
            [(1, "Oslo", 2, None, None, None, None)] * rows
        )
        assert matrix.dtype == np.float64
        assert matrix.flags.c_contiguous
        assert matrix.flags.writeable


def test_thousands_of_new_texts_change_no_answer():
    encoder = prepared("minmax, iqr", "linear", "binary").encoder
    row = (1, "oslo ", 2, "senior clerk x", None, None, None)
    before = encoder.encode([row]).tolist()
    for start in range(0, 45_000, 1_000):
        encoder.encode(
            [(1, f"c{new}", 2, f"t{new}", None, None, None) for new in range(start, start + 1_000)]
        )
    assert encoder.encode([row]).tolist() == before
