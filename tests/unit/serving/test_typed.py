"""The short way takes bodies whose meaning is plain, and leaves every other to MLflow's own code."""

import json
from typing import Any

import pytest

from serving.protocol.typed import TypedParser

PARSER = TypedParser([("age", "double"), ("city", "string"), ("member", "boolean")])
ROW = {"age": 1.5, "city": "oslo", "member": True}


def rows(body: Any) -> list[list[object]] | None:
    request = PARSER.parse(json.dumps(body).encode())
    return None if request is None else [list(row) for row in request.rows]


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["age", "city", "member"], "data": [[1.5, "oslo", True]]}},
        {"dataframe_split": {"columns": ["member", "x", "city", "age"], "data": [[True, [], "oslo", 1.5]]}},
        {"dataframe_records": [ROW]},
        {"dataframe_records": [ROW | {"x": {}}]},
        {"instances": [ROW]},
        {"inputs": [ROW]},
        {"inputs": {"age": [1.5], "city": ["oslo"], "member": [True]}},
        {"dataframe_records": [ROW], "params": {}},
        {"dataframe_records": [ROW], "params": None},
    ],
)
def test_plain_bodies_become_rows_in_column_order(body: Any) -> None:
    assert rows(body) == [[1.5, "oslo", True]]


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": [ROW | {"age": "1.5"}]},
        {"dataframe_records": [ROW | {"age": True}]},
        {"dataframe_records": [ROW | {"city": 5}]},
        {"dataframe_records": [ROW | {"member": None}]},
        {"instances": [ROW | {"city": None}]},
        {"instances": [ROW | {"x": 1}]},
        {"dataframe_records": [{"age": 1}]},
        {"dataframe_records": []},
        {"dataframe_split": {"columns": ["age", "city"], "data": [[1, "a"]]}},
        {"dataframe_split": {"columns": ["age", "city", "member"], "data": [[1, "a"]]}},
        {"dataframe_split": {"columns": ["age", "city", "member", "age"], "data": [[1, "a", True, 2]]}},
        {"dataframe_records": [ROW], "params": {"other": 1}},
        {"dataframe_records": [ROW], "instances": [ROW]},
        {"dataframe_records": [ROW], "messages": []},
        {"inputs": {"age": [1, 2], "city": ["a"], "member": [True]}},
        [ROW],
        5,
    ],
)
def test_doubtful_bodies_are_left_to_mlflow(body: Any) -> None:
    assert rows(body) is None


def test_a_row_is_checked_although_others_of_its_columns_were_seen() -> None:
    assert rows({"dataframe_records": [ROW, ROW]}) is not None
    assert rows({"dataframe_records": [ROW, ROW | {"age": [1]}]}) is None


def test_probabilities_are_asked_for_by_params() -> None:
    request = PARSER.parse(
        json.dumps({"dataframe_records": [ROW], "params": {"probabilities": True}}).encode()
    )
    assert request is not None
    assert request.wants_probabilities


def test_one_column_is_a_row_too() -> None:
    request = TypedParser([("age", "double")]).parse(b'{"dataframe_records": [{"age": 1}, {"age": 2}]}')
    assert request is not None
    assert list(request.rows) == [(1,), (2,)]
