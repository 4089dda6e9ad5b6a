"""Columns become numbers, texts, or are left out with a reason."""

import decimal

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.features import read_features
from serving.plan.model import Column

NUMBERS = [1.5, 2.5, 1.0, 4.0, 2.0, 9.0]
TEXTS = ["a", "b", "a", "a", "b", "b"]


def read(**columns):
    return read_features(pd.DataFrame({"n": NUMBERS, **columns}))


def column(features, name):
    return next(column for column in features.columns if column.name == name)


def notice(features, name):
    return next(notice for notice in features.notices if f"'{name}'" in notice)


@pytest.mark.parametrize(
    "cells",
    [
        [1, 2, 3, 4, 5, 7],
        pd.array([1, None, 3, 4, 5, 7], dtype="Int64"),
        np.array([1, 2, 3, 4, 5, 7], dtype="uint8"),
        [decimal.Decimal("1.5"), None, 3, 4, 5, 7],
        ["1", "2", " 3 ", "4", "5e3", "-7"],
        ["1,325.50", "-1,000,000", "7", "12", "999", "1,000"],
    ],
)
def test_numbers_of_any_kind_become_double(cells):
    features = read(x=cells)
    assert column(features, "x").type == "double"
    assert features.frame["x"].dtype == np.float64


@pytest.mark.parametrize("cells", [TEXTS, pd.Categorical(TEXTS), pd.Series(TEXTS, dtype="string")])
def test_texts_of_any_kind_become_string(cells):
    features = read(x=cells)
    assert column(features, "x") == Column("x", "string", required=True)
    assert features.frame["x"].tolist() == TEXTS


def test_a_column_with_gaps_is_optional():
    features = read(x=["a", "b", None, "a", "b", "b"], y=[1, None, 3, 4, 4, 4])
    assert not column(features, "x").required
    assert not column(features, "y").required
    assert features.frame["x"][2] is None


@pytest.mark.parametrize(
    "cells", [[True, False, True, True, False, True], [True, None, False, True, None, True]]
)
def test_true_and_false_become_one_and_zero(cells):
    features = read(x=cells)
    assert column(features, "x").type == "double"
    assert features.frame["x"].tolist()[0] == 1.0
    assert "true and false are read as 1 and 0" in notice(features, "x")


@pytest.mark.parametrize(("cell", "said"), [(True, "true"), (False, "false")])
def test_a_constant_truth_is_told_as_true_or_false(cell, said):
    features = read(x=[cell, None, cell, cell, cell, cell])
    reason = f"it is constant ({said} in every row that has a value)"
    assert notice(features, "x") == f"column 'x' is left out: {reason}"
    numbers = pd.DataFrame({"n": NUMBERS, "x": [float(cell)] * 6})
    assert notice(read_features(numbers, truths=["x"]), "x") == f"column 'x' is left out: {reason}"


def test_a_number_column_with_a_few_blanks_is_read_as_numbers_and_said():
    features = read(x=["1.5", " ", "2", "?", "n/a", "7"])
    assert features.frame["x"].isna().tolist() == [False, True, False, True, True, False]
    assert "read as numbers, 3 blank cells as missing" in notice(features, "x")


def test_one_real_word_keeps_a_column_text():
    assert column(read(x=["1", "2", "1", "2", "many", "2"]), "x").type == "string"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([None] * 6, "it holds only nulls"),
        ([" ", "?", "", "-", " ", "-"], "it holds only nulls and blanks"),
        ([3.0] * 6, "it is constant"),
        (["x"] * 6, "it is constant"),
        ([3.0, None, 3.0, 3.0, None, 3.0], "it is constant"),
        (list("abcdef"), "its 6 texts are all distinct, as an id's are"),
        ([[1], [2], [3], [1], [2], [3]], "its cells hold lists or objects"),
    ],
)
def test_what_cannot_be_learned_from_is_left_out_with_its_reason(cells, reason):
    features = read(x=cells)
    assert [column.name for column in features.columns] == ["n"]
    assert f"column 'x' is left out: {reason}" in notice(features, "x")


def test_row_numbers_are_left_out():
    shuffled = np.random.default_rng(1).permutation(100)
    frame = pd.DataFrame({"id": shuffled, "n": np.arange(100) % 7})
    assert notice(read_features(frame), "id") == "column 'id' is left out: it numbers the rows"


def test_a_saved_index_is_left_out():
    features = read_features(pd.DataFrame({"Unnamed: 0": [5, 3, 4], "n": [1, 2, 2]}))
    assert "as a saved row index has none" in notice(features, "Unnamed: 0")


def test_one_text_with_gaps_tells_something():
    assert column(read(x=["yes", None, "yes", None, None, "yes"]), "x").type == "string"


def test_dates_become_iso_texts_and_stay_dates_even_if_distinct():
    features = read(x=pd.date_range("2026-01-01", periods=6), y=[f"2026-02-0{day}" for day in range(1, 7)])
    assert features.dates == ("x",)
    assert features.frame["x"].tolist()[:2] == ["2026-01-01", "2026-01-02"]


def test_times_keep_their_time_of_day():
    assert read(x=pd.date_range("2026-01-01 12:30", periods=6)).frame["x"][0] == "2026-01-01T12:30:00"


def test_texts_that_the_schema_calls_dates_are_dates():
    frame = pd.DataFrame({"n": NUMBERS, "x": [f"2026-02-0{day}" for day in range(1, 7)]})
    assert read_features(frame, dates={"x"}).dates == ("x",)


def test_distinct_texts_of_many_words_are_learned_from():
    features = read(x=[f"the line {word} went dead again" for word in "abcdef"])
    assert column(features, "x").type == "string"


def test_what_a_person_drops_is_left_out_and_said():
    features = read_features(pd.DataFrame({"n": NUMBERS, "m": NUMBERS}), drop=["m"])
    assert notice(features, "m") == "column 'm' is left out: as asked for"


def test_dropping_a_column_that_is_not_there_names_the_nearest():
    with pytest.raises(BadInput, match=r"no column 'mm' to leave out; did you mean 'm'"):
        read_features(pd.DataFrame({"n": NUMBERS, "m": NUMBERS}), drop=["mm"])


def test_names_in_any_script_are_kept():
    assert [c.name for c in read(**{"größe 東京 🙂": TEXTS}).columns] == ["n", "größe 東京 🙂"]


@pytest.mark.parametrize("cells", [[1.0, np.inf, 2, 3, 4, 5], ["1", "inf", "2", "3", "4", "5"]])
def test_infinity_is_refused_with_its_row(cells):
    with pytest.raises(BadInput, match=r"column 'x' must hold finite numbers; row 1 has .*inf.*; correct it"):
        read(x=cells)


@pytest.mark.parametrize("name", ["prediction", "label"])
def test_a_reserved_name_is_refused(name):
    with pytest.raises(BadInput, match=f"a column may not be called '{name}'.*rename it"):
        read(**{name: NUMBERS})


def test_nothing_left_is_refused_with_every_reason():
    with pytest.raises(
        BadInput, match=r"no column is left to learn from: column 'a' .* constant.*'b'.*nulls"
    ):
        read_features(pd.DataFrame({"a": [1, 1], "b": [None, None]}))


def test_commas_between_thousands_are_read_away():
    cells = ["1,325.50", "-1,000,000", "7", "12", None, "1,000"]
    assert read(x=cells).frame["x"].tolist()[:4] == [1325.5, -1_000_000.0, 7.0, 12.0]


@pytest.mark.parametrize("cells", [["1,5", "2,5"] * 3, ["0,512", "1,234"] * 3, ["1,23,456", "7"] * 3])
def test_commas_elsewhere_stay_text(cells):
    assert column(read(x=cells), "x").type == "string"


def test_a_number_too_large_for_the_models_is_refused():
    with pytest.raises(BadInput, match=r"'x' must hold numbers up to 1e\+38; row 1 has 1e\+300; correct"):
        read(x=[1.0, 1e300, 2.0, 3.0, 4.0, 5.0])
