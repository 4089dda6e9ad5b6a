"""What a refused body is told: column, row and kind, never the value."""

import json
from typing import Any

import pytest

from serving.protocol.diagnose import diagnose

COLUMNS = (("age", "double"), ("city", "string"))


def told(body: Any) -> str | None:
    return diagnose(body if isinstance(body, bytes) else json.dumps(body).encode(), COLUMNS)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the body is empty; send a JSON object with one of"),
        (b"{", "the body must be JSON; line 1 column 2: Expecting property name"),
        (b'"\xff"', "the body must be UTF-8; byte 1 is not"),
        (
            [1],
            "dataframe_split, dataframe_records, instances, inputs, not a list",
        ),
        (
            {"rows": []},
            "dataframe_records, instances, inputs; its keys are ['rows']",
        ),
        ({"inputs": 1, "instances": 2}, "it has instances and inputs"),
        (
            {"dataframe_records": {}},
            "'dataframe_records' must be a list of objects, one a row, not an object",
        ),
        ({"dataframe_records": []}, "at least one row is needed; 'dataframe_records' has none"),
        (
            {"dataframe_records": [{"age": 1, "city": "a"}, 5]},
            "row 1 of 'dataframe_records' must be an object of columns, not a num",
        ),
        (
            {"dataframe_records": [{"agee": 1, "city": "a"}]},
            "column 'age' is missing; did you mean it by 'agee'?",
        ),
        (
            {"dataframe_records": [{"x": 1}]},
            "column 'age' is missing, as are 1 more; send every column, null where there is no value",
        ),
        (
            {"dataframe_records": [{"age": 1, "city": "a"}, {"age": "secret", "city": "a"}]},
            "column 'age' must be a number; row 1 has text",
        ),
        (
            {"dataframe_records": [{"age": [1], "city": "a"}]},
            "column 'age' must hold one value a row; row 0 has a list",
        ),
        (
            b'{"dataframe_records": [{"age": Infinity, "city": "a"}]}',
            "column 'age' must be finite; row 0 has infinity",
        ),
        (
            {"dataframe_split": {"columns": ["age", "city"], "data": [[1, "a"], [1]]}},
            "row 1 must have 2 values, one a column, and has 1",
        ),
        (
            {"dataframe_split": {"columns": ["age", "age"], "data": []}},
            "must name each column once in 'columns'",
        ),
        ({"dataframe_split": {"data": [[1]]}}, "must have 'columns', a list of the columns' names"),
        (
            {"inputs": {"age": [1, 2], "city": ["a"]}},
            "all columns must have as many values; 'age' has 2, 'city' has 1",
        ),
    ],
)
def test_a_refused_body_is_told_what_it_should_have_been(body: Any, sentence: str) -> None:
    assert sentence in str(told(body))


def test_values_are_never_said() -> None:
    assert "secret" not in str(told({"dataframe_records": [{"age": "secret", "city": "a"}]}))


def test_a_body_without_a_fault_is_told_nothing() -> None:
    assert told({"dataframe_records": [{"age": 1, "city": None}]}) is None
