"""What one request may hold: rows, columns and depth, whatever its form."""

import json
import time
from io import BytesIO

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.protocol.bounds import Bounds
from serving.protocol.errors import RequestError

SMALL = Bounds(rows=3, columns=2, depth=4)
JSON_VALUES = st.recursive(
    st.none() | st.integers() | st.text(alphabet='ab[]{}"\\'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a[{"\\'), inner, max_size=3)
    ),
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(JSON_VALUES)
def test_depth_is_that_of_the_parsed_body(value: object) -> None:
    body = json.dumps(value).encode()
    for most in range(1, 6):
        assert Bounds(depth=most).is_deep(body) == (depth(value) > most)


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * 2_000_000,
        b"[]" * 2_000_000,
        b"[" * 4_000_000,
        b'{"a":' * 500_000,
        b'["\\',
        b'"[[[[[[[',
    ],
)
def test_bodies_made_to_be_slow_are_not(body: bytes) -> None:
    started = time.thread_time()
    Bounds().is_deep(body)
    assert time.thread_time() - started < 2.0


@pytest.mark.parametrize(
    "table",
    [
        {"dataframe_split": {"columns": ["a"], "data": [[1]] * 4}},
        {"dataframe_records": [{"a": 1}] * 4},
        {"instances": [1, 2, 3, 4]},
        {"inputs": {"a": [1, 2, 3, 4]}},
    ],
)
def test_too_many_rows_are_413_in_every_form(table: object) -> None:
    with pytest.raises(
        RequestError, match="a request must have at most 3 rows, not 4; send several"
    ) as refused:
        SMALL.check_json(json.dumps(table).encode())
    assert refused.value.status == 413


@pytest.mark.parametrize(
    "table",
    [
        {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1, 2, 3]]}},
        {"dataframe_records": [{"a": 1}, {"a": 1, "b": 2, "c": 3}]},
        {"instances": [[1, 2, 3]]},
        {"inputs": {"a": [1], "b": [2], "c": [3]}},
    ],
)
def test_too_many_columns_are_413_in_every_form(table: object) -> None:
    with pytest.raises(RequestError, match="a request must have at most 2 columns, not 3"):
        SMALL.check_json(json.dumps(table).encode())


def test_too_deep_is_400() -> None:
    with pytest.raises(RequestError, match="the body must be nested at most 4 deep") as refused:
        SMALL.check_json(b"[" * 5 + b"]" * 5)
    assert refused.value.status == 400


@pytest.mark.parametrize("body", [b"", b"NaN", b"[1", b'{"inputs": NaN}', b'{"inputs": {"a": NaN}}', b"\xff"])
def test_what_is_no_json_is_left_to_others(body: bytes) -> None:
    SMALL.check_json(body)


def test_a_csv_head_with_too_many_columns_is_413() -> None:
    SMALL.check_csv(b'"a,b,c",d\n1,2\n')
    with pytest.raises(RequestError, match="at most 2 columns, not 3"):
        SMALL.check_csv(b"a,b,c\n1,2,3\n")


def test_a_parquet_footer_is_enough() -> None:
    buffer = BytesIO()
    pd.DataFrame({"a": [0.0] * 4}).to_parquet(buffer)
    with pytest.raises(RequestError, match="at most 3 rows, not 4"):
        SMALL.check_parquet(buffer.getvalue())
    SMALL.check_parquet(b"no parquet")
