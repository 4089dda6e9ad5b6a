"""New columns: by definition, by pairs found, by a person's own function."""

import math

import numpy as np
import pandas as pd
import pytest

from projects.transformers.apply_function import ApplyFunction
from projects.transformers.derivations import derived
from projects.transformers.derive import Derive
from projects.transformers.interactions import Interactions

FRAME = pd.DataFrame(
    {
        "a": [1.0, -2.0, np.nan, 1e300],
        "b": [4.0, 0.0, 3.0, 1e300],
        "t": pd.Series(["red car", "blue", None, ""], dtype=object),
        "u": pd.Series(["x", "y", "z", None], dtype=object),
        "d": pd.Series(["2024-01-03", "2024-01-01T12:00:00", "never", None], dtype=object),
        "e": pd.Series(["2024-01-01", "2024-01-01", "2024-01-01", "2024-01-01"], dtype=object),
    }
)
GAP = math.nan
FUNCTIONS = "tests.unit.projects.transformers.feature_functions"


@pytest.mark.parametrize(
    ("kind", "columns", "more", "wanted"),
    [
        ("product", ["a", "b"], {}, [4.0, -0.0, GAP, GAP]),
        ("ratio", ["a", "b"], {}, [0.25, GAP, GAP, 1.0]),
        ("difference", ["a", "b"], {}, [-3.0, -2.0, GAP, 0.0]),
        ("sum", ["a", "b"], {}, [5.0, -2.0, GAP, 2e300]),
        ("log", ["a"], {}, [np.log1p(1.0), -np.log1p(2.0), GAP, np.log1p(1e300)]),
        ("clip", ["a"], {"lower": -1, "upper": 10}, [1.0, -1.0, GAP, 10.0]),
        ("bins", ["a"], {"edges": [-2, 0, 5]}, [2.0, 1.0, GAP, 3.0]),
        ("date_part", ["d"], {"part": "day"}, [3.0, 1.0, GAP, GAP]),
        ("date_part", ["d"], {"part": "age_days", "newest": "2024-01-04"}, [1.0, 2.5, GAP, GAP]),
        ("days_between", ["d", "e"], {}, [2.0, 0.5, GAP, GAP]),
        ("cross", ["t", "u"], {}, ["red car & x", "blue & y", "(missing) & z", " & (missing)"]),
        ("prefix", ["t"], {"length": 3}, ["red", "blu", None, ""]),
        ("length", ["t"], {}, [7.0, 4.0, GAP, 0.0]),
        ("words", ["t"], {}, [2.0, 1.0, GAP, 0.0]),
        ("is_missing", ["u"], {}, [0.0, 0.0, 0.0, 1.0]),
    ],
)
def test_each_kind_of_definition_makes_its_column(kind, columns, more, wanted):
    made = derived({"name": "n", "kind": kind, "columns": columns, **more}, FRAME)
    if isinstance(wanted[0], str):
        assert made.tolist() == wanted
    else:
        np.testing.assert_array_equal(made, wanted)


def test_a_later_definition_may_use_an_earlier_ones_column():
    first = {"name": "both", "kind": "sum", "columns": ["a", "b"]}
    second = {"name": "twice", "kind": "sum", "columns": ["both", "both"]}
    made = Derive([first, second]).fit_transform(FRAME)
    assert made["twice"].tolist()[:2] == [10.0, -4.0]
    assert list(made.columns) == [*FRAME.columns, "both", "twice"]


def test_an_age_counts_back_from_the_newest_training_date():
    made = Derive([{"name": "age", "kind": "date_part", "part": "age_days", "columns": ["d"]}]).fit(FRAME)
    assert made.definitions_[0]["newest"] == "2024-01-03T00:00:00"


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        ({"kind": "sum", "columns": ["a", "b"]}, "a feature needs a name"),
        ({"name": "n", "kind": "rato", "columns": ["a", "b"]}, "'n' has the kind 'rato'; there are product"),
        ({"name": "n", "kind": "ratio", "columns": ["a"]}, r"'n' \(ratio\) takes 2 columns, not 1"),
        ({"name": "n", "kind": "cross", "columns": ["t"]}, "takes two or more columns, not 1"),
        ({"name": "n", "kind": "clip", "columns": ["a"], "lower": 1}, r"'n' \(clip\) needs 'upper'"),
        ({"name": "n", "kind": "log", "columns": ["a"], "base": 2}, r"'n' \(log\) does not know 'base'"),
        ({"name": "n", "kind": "log", "columns": ["z"]}, "'n' needs the column 'z', which is not there"),
        ({"name": "a", "kind": "log", "columns": ["b"]}, "'a' would replace the column of that name"),
        ({"name": "n", "kind": "log", "columns": "a"}, "'n' needs 'columns', a list of names"),
    ],
)
def test_a_definition_that_is_none_is_refused(definition, sentence):
    with pytest.raises(ValueError, match=sentence):
        Derive([definition]).fit(FRAME)


def numbers(rows=600):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)), columns=list("abcd"))
    frame["t"] = pd.Series(rng.choice(["x", "y"], rows), dtype=object)
    frame["u"] = pd.Series(rng.choice(["p", "q"], rows), dtype=object)
    return frame, rng


def test_a_product_that_makes_the_target_is_found():
    frame, rng = numbers()
    made = Interactions(most=2).fit(frame, frame["a"] * frame["c"] + rng.normal(0, 0.1, len(frame)))
    assert made.definitions_[0] == {"name": "a * c", "kind": "product", "columns": ["a", "c"]}


def test_a_cross_that_makes_the_classes_is_found():
    frame, _ = numbers()
    made = Interactions(most=1).fit(frame, np.where((frame["t"] == "x") == (frame["u"] == "p"), "yes", "no"))
    assert made.definitions_[0]["kind"] == "cross"
    assert set(made.definitions_[0]["columns"]) == {"t", "u"}


def test_nothing_is_found_in_noise():
    frame, rng = numbers(3000)
    made = Interactions(most=5).fit(frame, rng.normal(size=len(frame)))
    assert made.definitions_ == []


def test_no_more_pairs_are_added_than_asked_for():
    frame, _ = numbers()
    y = frame["a"] * frame["b"] + frame["c"] * frame["d"] + frame["a"] * frame["d"]
    assert len(Interactions(most=2).fit(frame, y).definitions_) == 2


def test_a_persons_function_adds_columns_of_numbers_and_texts():
    made = ApplyFunction(f"{FUNCTIONS}.doubled").fit(FRAME).transform(FRAME)
    assert made["twice"].tolist()[:2] == [2.0, -4.0]
    assert made["when"].tolist() == ["2024-01-02T00:00:00"] * 4
    assert made["flag"].dtype == np.float64
    assert made["t"].tolist() == FRAME["t"].tolist()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (f"{FUNCTIONS}.raising", r"feature_functions.raising' raised KeyError: 'no such column'"),
        (f"{FUNCTIONS}.halved", "must return the rows that it got, one for one; it got 4 and returned 2"),
        (f"{FUNCTIONS}.listing", "must return a DataFrame, not list"),
        (f"{FUNCTIONS}.absent", "has no function 'absent'"),
        (f"{FUNCTIONS}.NOT_CALLABLE", "has no function 'NOT_CALLABLE'"),
        ("no_such_module.f", "cannot be imported: No module named 'no_such_module'"),
        ("f", "must be named 'module.function'"),
    ],
)
def test_a_function_that_cannot_be_used_is_named(name, sentence):
    with pytest.raises(ValueError, match=sentence):
        ApplyFunction(name).fit(FRAME)


def test_a_function_must_always_return_the_same_columns():
    made = ApplyFunction(f"{FUNCTIONS}.changing").fit(FRAME)
    with pytest.raises(ValueError, match="gave the column 'late' for the training rows and not now"):
        made.transform(FRAME.head(1))


def test_a_function_cannot_change_the_rows_it_was_given():
    before = FRAME.copy()
    ApplyFunction(f"{FUNCTIONS}.doubled").fit(FRAME).transform(FRAME)
    pd.testing.assert_frame_equal(FRAME, before)
