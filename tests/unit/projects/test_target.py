"""The task is worked out from the target, and a target that cannot be learned is refused."""

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.target import read_target


def read(cells, asked="auto"):
    return read_target(pd.DataFrame({"y": cells, "x": 0}), "y", asked)


@pytest.mark.parametrize(
    ("cells", "task", "classes"),
    [
        (["no", "yes", "no"], "binary", ("no", "yes")),
        ([0, 1, 1], "binary", (0, 1)),
        ([0.0, 1.0, None], "binary", (0, 1)),
        ([True, False, True], "binary", (False, True)),
        ([True, None, False], "binary", (False, True)),
        (["1", "0", " "], "binary", (0, 1)),
        ([3, 5, 9, 9], "multiclass", (3, 5, 9)),
        (["b", "a", "ü"], "multiclass", ("a", "b", "ü")),
        (range(21), "regression", None),
        ([0.5, 1.5, 0.5], "regression", None),
    ],
)
def test_the_task_follows_from_the_values(cells, task, classes):
    target = read(cells)
    assert (target.task, target.classes) == (task, classes)
    assert [type(label) for label in target.classes or ()] == [type(label) for label in classes or ()]


def test_the_reason_is_said():
    assert read(["no", "yes"]).reason == (
        "target 'y': 2 distinct texts, so binary classification; 'yes' counts as the positive class"
    )


def test_rows_without_a_target_are_left_out():
    target = read(["a", None, "b", "a"])
    assert target.rows.tolist() == [0, 2, 3]
    assert target.truth.tolist() == ["a", "b", "a"]


def test_whole_numbers_can_be_asked_to_be_an_amount():
    assert read([1, 2, 3], "regression").truth.tolist() == [1.0, 2.0, 3.0]


def test_many_whole_numbers_can_be_asked_to_be_classes():
    assert read(range(30), "classification").task == "multiclass"


def refused(cells, match, asked="auto"):
    with pytest.raises(BadInput, match=match):
        read(cells, asked)


def test_an_unknown_column_is_refused_with_near_names():
    with pytest.raises(BadInput, match=r"no column 'churned' to predict; did you mean 'Churn'\?"):
        read_target(pd.DataFrame({"Churn": [1], "tenure": [2]}), "churned")


def test_no_column_named_is_refused_with_those_there_are():
    with pytest.raises(
        BadInput, match="name the column to predict with -P target=COLUMN; there are Churn, tenure"
    ):
        read_target(pd.DataFrame({"Churn": [1], "tenure": [2]}), "")


@pytest.mark.parametrize("cells", [["no", "no"], [1, 1], [2.5, None, 2.5], [True, True]])
def test_one_class_is_refused(cells):
    refused(cells, "target 'y' has one class only .*; a model needs at least two")


@pytest.mark.parametrize("cells", [[None, None], [np.nan, np.nan], ["", " "]])
def test_a_target_that_is_always_missing_is_refused(cells):
    refused(cells, "target 'y' is missing in every row; there is nothing to learn")


@pytest.mark.parametrize("cells", [[1.5, np.inf, 2.5], ["1", "-inf", "2"]])
def test_an_infinite_target_is_refused(cells):
    refused(cells, r"target 'y' must hold finite numbers; row 1 has -?inf")


def test_texts_cannot_be_an_amount():
    refused(["1", "two", "3"], "must hold numbers for a regression; it has 'two'", "regression")


def test_truths_cannot_be_an_amount():
    refused([True, False], "holds true and false, which is no amount", "regression")


def test_fractions_cannot_be_classes():
    refused(
        [0.5, 1.5],
        "has numbers with fractions, which are no classes; use -P task=regression",
        "classification",
    )


def test_an_id_is_no_target():
    refused(
        [f"id{n}" for n in range(500)], "has 500 distinct values, more than the 100 classes that are taken"
    )


def test_a_huge_target_is_refused():
    refused([1.5, 2.5, -1e300], r"target 'y' must hold numbers up to 1e\+38; row 2 has -1e\+300")
