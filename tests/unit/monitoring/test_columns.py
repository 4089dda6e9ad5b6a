"""Both sides of a comparison come to one form."""

import numpy as np
import pyarrow as pa
import pytest

from monitoring.columns import Columns, columns_of, tidy


def chunked(*values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


def test_kinds_follow_the_types_of_the_reference():
    table = pa.table(
        {
            "age": [1.0],
            "count": [1],
            "plan": ["a"],
            "paid": [True],
            "day": pa.array([0], pa.date32()),
            "label": ["x"],
        }
    )
    assert columns_of(table) == Columns(("age", "count"), ("plan", "paid"))


@pytest.mark.parametrize(
    ("predictions", "kind"),
    [
        ([0, 1], "categorical"),
        ([0.0, 1.0], "categorical"),
        (["no", "yes"], "categorical"),
        ([True, False], "categorical"),
        ([0.5, 1.0], "numeric"),
    ],
)
def test_a_prediction_is_numeric_only_if_it_measures(predictions, kind):
    assert getattr(columns_of(pa.table({"prediction": predictions})), kind) == ("prediction",)


def test_a_column_that_the_window_lacks_is_all_missing():
    frame = tidy({}, 2, Columns(("age",), ("plan",)))
    assert frame["age"].isna().all()
    assert frame["plan"].isna().all()


def test_numbers_are_float64_with_infinities_missing():
    frame = tidy({"age": chunked(1.0, float("inf"), None)}, 3, Columns(("age",), ()))
    assert frame["age"].dtype == np.float64
    assert frame["age"].tolist()[0] == 1.0
    assert frame["age"].isna().tolist() == [False, True, True]


def test_huge_numbers_are_brought_down():
    assert tidy({"age": chunked(1e300, -1e300)}, 2, Columns(("age",), ()))["age"].tolist() == [1e100, -1e100]


def test_a_text_where_a_number_belongs_is_missing():
    frame = tidy({"age": chunked("12", "old")}, 2, Columns(("age",), ()))
    assert frame["age"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        ((1, 0), ["1", "0"]),
        ((1.0, 0.0), ["1", "0"]),
        ((True, False), ["true", "false"]),
        (("1", None), ["1", None]),
    ],
)
def test_a_label_is_the_same_text_whatever_type_it_came_in(cells, texts):
    frame = tidy({"prediction": chunked(*cells)}, 2, Columns((), ("prediction",)))
    assert frame["prediction"].tolist() == texts
