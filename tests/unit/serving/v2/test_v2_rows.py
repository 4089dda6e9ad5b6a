"""Tensors become rows of the model's columns, or a sentence says why not."""

import base64
from typing import Any

import pytest

from serving.protocol.errors import RequestError
from tests.unit.serving.v2.v2_fixtures import Given, rows

COLUMNS = (("age", "double"), ("income", "double"), ("city", "string"))
AGE: Given = ("age", "FP64", [2], [40.5, 30.0])
INCOME: Given = ("income", "INT32", [2, 1], [5, 2])
CITY: Given = ("city", "BYTES", [2], ["oslo", ""])
ROWS = [[40.5, 5, "oslo"], [30.0, 2, ""]]

both = pytest.mark.parametrize("is_binary", [False, True], ids=["json", "binary"])


def sentence(tensors: list[Given], columns: Any = COLUMNS) -> str:
    with pytest.raises(RequestError) as caught:
        rows(tensors, columns)
    assert caught.value.status == 400
    return str(caught.value)


@both
def test_a_tensor_a_column_in_any_order(is_binary: bool) -> None:
    table = rows([CITY, AGE, INCOME], COLUMNS, is_binary=is_binary)
    assert (table.columns, table.rows) == (("age", "income", "city"), ROWS)


@both
def test_one_tensor_brings_the_columns_that_no_other_names(is_binary: bool) -> None:
    block: Given = ("input-0", "FP32", [2, 2], [40.5, 5, 30, 2])
    assert rows([block, CITY], COLUMNS, is_binary=is_binary).rows == ROWS


@both
def test_one_tensor_brings_all_columns(is_binary: bool) -> None:
    texts: Given = ("input-0", "BYTES", [2, 2], ["a", "b", "c", "d"])
    columns = (("x", "string"), ("y", "string"))
    assert rows([texts], columns, is_binary=is_binary).rows == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("shape", [[2], [2, 1]])
def test_a_model_of_one_column_takes_any_name(shape: list[int]) -> None:
    assert rows([("x", "FP64", shape, [1.5, 2.5])], (("only", "double"),)).rows == [[1.5], [2.5]]


def test_nested_data_is_flat_data() -> None:
    assert rows([("x", "FP64", [2, 2], [[1, 2], [3, 4]])], (("a", "double"), ("b", "double"))).rows == [
        [1, 2],
        [3, 4],
    ]


def test_a_null_is_a_gap() -> None:
    assert rows([("a", "FP64", [1], [None]), ("b", "BYTES", [1], [None])],
                (("a", "double"), ("b", "string"))).rows == [[None, None]]  # fmt: skip


def test_unknown_tensors_are_passed_over_as_mlflow_passes_over_columns() -> None:
    assert rows([AGE, INCOME, CITY, ("id", "INT64", [1], [7])], COLUMNS).rows == ROWS


@both
def test_bytes_for_a_binary_column_become_base64(is_binary: bool) -> None:
    value = "ä" if not is_binary else b"\xff\x00"
    [[cell]] = rows([("b", "BYTES", [1], [value])], (("b", "binary"),), is_binary=is_binary).rows
    assert base64.b64decode(cell) == ("ä".encode() if not is_binary else value)


def test_a_column_of_arrays_takes_nested_cells() -> None:
    table = rows([("v", "FP64", [2, 2], [1, 2, 3, 4])], (("v", "Array(double)"),))
    assert table.rows == [[[1, 2]], [[3, 4]]]


def test_without_columns_each_tensor_is_one() -> None:
    table = rows([("a", "FP32", [2], [1, 2]), ("b", "INT64", [2, 2], [1, 2, 3, 4])], ())
    assert (table.columns, table.rows) == (("a", "b"), [[1, [1, 2]], [2, [3, 4]]])


def test_a_missing_column_has_a_near_name() -> None:
    assert sentence([AGE, INCOME, ("citty", "BYTES", [2], ["a", "b"])]) == (
        "input 'city' is missing; did you mean it by 'citty'?"
    )


def test_missing_columns_say_how_to_send_them_at_once() -> None:
    assert sentence([CITY]) == (
        "input 'age' is missing and 1 more; send a tensor a column, or one of shape [rows, 2] in the model's"
        " order"
    )


def test_a_block_of_another_width_is_no_block() -> None:
    assert sentence([("x", "FP64", [1, 3], [1, 2, 3]), ("city", "BYTES", [1], ["a"])]).startswith(
        "input 'age' is missing and 1 more"
    )


@pytest.mark.parametrize(
    ("tensors", "wanted"),
    [
        (
            [AGE, INCOME, ("city", "FP64", [2], [1, 2])],
            "column 'city' takes string: its datatype must be BYTES, not FP64",
        ),
        (
            [("x", "BYTES", [2, 2], ["1", "2", "3", "4"]), CITY],
            "column 'age' takes double: the datatype of input 'x' must be a number's,"  # noqa: ISC004
            " such as FP64, not BYTES",
        ),
        (
            [AGE, ("income", "FP64", [1], [1]), CITY],
            "all inputs must have as many rows; 'age' has 2, 'income' has 1",
        ),
        (
            [("age", "FP64", [1, 2], [1, 2]), INCOME, CITY],
            "input 'age' must have the shape [rows] or [rows, 1], not [1, 2]",
        ),
        ([AGE, AGE, INCOME, CITY], "'inputs' must name each tensor once"),
    ],
)
def test_what_does_not_fit_is_said(tensors: list[Given], wanted: str) -> None:
    assert sentence(tensors) == wanted
