"""Outcomes meet predictions whatever type each came in."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.quality.labels import MISSING, UNKNOWN, classes_met, classes_of, codes, finder


@pytest.mark.parametrize(
    ("classes", "values", "places"),
    [
        ((0, 1), ["1", "0", "1.0", " 1 "], [1, 0, 1, 1]),
        (("0", "1"), [1, 0], [1, 0]),
        ((0, 1), [1.0, 0.0], [1, 0]),
        ((0, 1), [True, False], [1, 0]),
        ((False, True), ["True", "false", "1"], [1, 0, 1]),
        (("No", "Yes"), [True, False], [1, 0]),
        (("No", "Yes"), ["yes", " NO "], [1, 0]),
        ((1, 0), [True, False], [0, 1]),
        (("churn", "stay"), ["Stay", "CHURN"], [1, 0]),
        (("a", "A"), ["A", "a"], [1, 0]),
        ((1, 2, 3), ["3", 2.0][:1], [2]),
        (("1.5", "2"), [1.5, 2.0], [0, 1]),
    ],
)
def test_equal_labels_meet(classes: tuple[object, ...], values: list[object], places: list[int]) -> None:
    assert codes(pa.chunked_array([values]), classes).tolist() == places


@pytest.mark.parametrize(
    ("classes", "value"),
    [((0, 1), "2"), (("a", "A", "b"), "á"), ((0, 1, 2), "yes"), (("up", "down"), True), (("a", "b"), "")],
)
def test_a_stranger_is_none_of_the_classes(classes: tuple[object, ...], value: object) -> None:
    assert codes(pa.chunked_array([[value]]), classes).tolist() == [UNKNOWN]


@pytest.mark.parametrize(
    ("said", "truth", "classes"),
    [
        ([1, 0], [True, False], (0, 1)),
        ([True, False], [1.0, 0.0], (False, True)),
        ([1, 0], ["true", "false"], (0, 1)),
        (["no", "yes"], [True, False], ("no", "yes")),
        ([0, 0], [True, False], (0, True)),
        ([1, 1], [True, True], (0, 1)),
        ([0, 1, 2], [1, 0, 2], (0, 1, 2)),
        (["a", "b"], ["b", "c"], ("a", "b", "c")),
        (["1", "yes", "no"], ["yes", "no", "no"], ("1", "no", "yes")),
    ],
)
def test_a_yes_and_a_no_are_one_class_each_however_spelled(said, truth, classes) -> None:
    found = classes_met(pa.chunked_array([said]), pa.chunked_array([truth]))
    assert list(map(repr, found)) == list(map(repr, classes))


def test_a_case_that_two_classes_share_tells_neither() -> None:
    assert finder(("ab", "aB"))("AB") == UNKNOWN


def test_gaps_and_nan_are_missing() -> None:
    values = pa.chunked_array([pa.array([1.0, None, float("nan")])])
    assert codes(values, (0, 1)).tolist() == [1, MISSING, MISSING]


def test_a_column_of_nothing_is_missing() -> None:
    assert codes(pa.chunked_array([pa.nulls(2)]), ("a", "b")).tolist() == [MISSING, MISSING]


def test_numbers_beyond_a_doubles_whole_ones_stay_apart() -> None:
    near = (2**60, 2**60 + 1)
    assert codes(pa.chunked_array([list(near)]), near).tolist() == [0, 1]


def test_classes_are_in_the_order_of_estimators() -> None:
    assert classes_of(pa.chunked_array([[10, 9]]), pa.chunked_array([[2.0, None]])) == (2.0, 9, 10)
    assert classes_of(pa.chunked_array([["b", "a"]])) == ("a", "b")


@given(st.lists(st.text(max_size=8) | st.integers() | st.booleans(), min_size=1, max_size=6, unique_by=str))
def test_a_class_is_never_taken_for_another(classes: list[object]) -> None:
    place = finder(classes)
    assert all(place(each) in (index, UNKNOWN) for index, each in enumerate(classes))
