"""What a column is, told by all of its cells: numbers, dates, truths, texts and gaps."""

import datetime as dt

import pytest

from projects.requirement.sections import Cleaning, ColumnCleaning


def column(cells, name="x"):
    """A CSV of one counted column beside the one that is tested."""
    quoted = (f'{at},"{cell}"' for at, cell in enumerate(cells))
    return f"n,{name}\n" + "\n".join(quoted) + "\n"


def forced(**options):
    return Cleaning(columns={"x": ColumnCleaning(**options)})


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2"], [1, 2]),
        (["1.5", "2"], [1.5, 2.0]),
        (["1e3", "2"], [1000.0, 2.0]),
        (["-1", "+2", ".5"], [-1.0, 2.0, 0.5]),
        (["$1,325.0", "$90.50"], [1325.0, 90.5]),
        (["€ 1.325,00", "€ 12,50"], [1325.0, 12.5]),
        (["1.325,50", "2,5", "1.000"], [1325.5, 2.5, 1000.0]),
        (["1,325", "2,000,000"], [1325.0, 2_000_000.0]),
        (["1 325,5", "2,0"], [1325.5, 2.0]),
        (["90%", "100%", "12.5 %"], [0.9, 1.0, 0.125]),
        (["(1,200)", "300"], [-1200.0, 300.0]),
        (["-$5.00", "$-6", "$7"], [-5.0, -6.0, 7.0]),
        (["12 USD", "13 EUR"], [12.0, 13.0]),
        (["1.5e-05", "1,200.5"], [1.5e-05, 1200.5]),
    ],
)
def test_numbers_are_read_as_they_are_written(clean, cells, values):
    assert clean(column(cells)).column("x") == values


def test_whole_numbers_stay_whole(clean):
    assert clean(column(["1", "9007199254740993"])).column("x") == [1, 9007199254740993]


@pytest.mark.parametrize("cells", [["007", "123"], ["01234", "98765"], ["12345678901234567890123", "1"]])
def test_codes_that_would_lose_digits_stay_texts(clean, cells):
    table = clean(column(cells))
    assert table.column("x") == cells
    assert "would lose digits as a number" in table.result.columns[1].notes[0]


def test_names_with_underscores_are_no_numbers(clean):
    assert clean(column(["1_000", "2_000"])).column("x") == ["1_000", "2_000"]


@pytest.mark.parametrize(
    "mark", ["?", " ", "N/A", "-", "NULL", "nan", "None", "na", "null", "#N/A", "missing"]
)
def test_a_mark_between_numbers_is_a_gap(clean, mark):
    table = clean(column(["1", mark, "3"]))
    assert (table.column("x"), table.result.columns[1].missing) == ([1, None, 3], 1)


@pytest.mark.parametrize("mark", ["?", " ", "N/A", "-", "NULL", "nan", "None", ""])
def test_a_mark_between_texts_is_a_gap(clean, mark):
    assert clean(column(["red", mark, "blue"])).column("x") == ["red", None, "blue"]


@pytest.mark.parametrize("level", ["unknown", "none", "Unknown", "no", "missing value"])
def test_a_level_that_says_something_is_no_gap(clean, level):
    assert clean(column(["red", level, "blue"])).column("x") == ["red", level, "blue"]


def test_infinity_is_no_number(clean):
    assert clean(column(["1", "inf"] * 3)).types["x"] == "VARCHAR"


@pytest.mark.parametrize("cells", [["t", "f"], ["true", "false"], ["True", "FALSE"], ["T", "F"]])
def test_truths_are_told(clean, cells):
    assert clean(column(cells)).column("x") == [True, False]


@pytest.mark.parametrize("cells", [["yes", "no"], ["Y", "N"], ["F", "M"], ["F", "F"], ["t", "u"]])
def test_words_that_are_no_truths_stay_texts(clean, cells):
    assert clean(column(cells)).column("x") == cells


def test_the_labels_of_a_target_stay_texts(clean):
    assert clean(column(["t", "f"]), target="x").column("x") == ["t", "f"]


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (["2020-03-04", "2020-12-31"], dt.date(2020, 3, 4)),
        (["2020-03-04 00:00:00", "2020-12-31 00:00:00"], dt.date(2020, 3, 4)),
        (["2020-03-04T05:06:07Z", "2020-12-31T00:00:00Z"], "2020-03-04 05:06:07"),
        (["04.03.2020", "31.12.2020"], dt.date(2020, 3, 4)),
        (["3/4/2020", "12/31/2020"], dt.date(2020, 3, 4)),
        (["04/03/2020", "31/12/2020"], dt.date(2020, 3, 4)),
        (["4/3/20", "31/12/20"], dt.date(2020, 3, 4)),
        (["4 Mar 2020", "31 Dec 2020"], dt.date(2020, 3, 4)),
        (["March 4, 2020", "December 31, 2020"], dt.date(2020, 3, 4)),
        (["3/4/2020 5:06 PM", "12/31/2020 1:00 AM"], "2020-03-04 17:06:00"),
        (["04.03.2020 05:06", "31.12.2020 23:59"], "2020-03-04 05:06:00"),
        (["2020/03/04", "2020/12/31"], dt.date(2020, 3, 4)),
        (["Wed, 04 Mar 2020", "Thu, 31 Dec 2020"], dt.date(2020, 3, 4)),
    ],
)
def test_dates_are_read_as_they_are_written(clean, cells, value):
    assert str(clean(column(cells)).column("x")[0]) == str(value)


def test_dates_in_four_formats_are_one_column(clean):
    cells = ["2020-03-04", "25/12/2020", "March 4, 2020", "4-Mar-2020"] * 5
    day, christmas = dt.date(2020, 3, 4), dt.date(2020, 12, 25)
    assert clean(column(cells)).column("x") == [day, christmas, day, day] * 5


def test_eight_digits_are_a_date_under_a_name_that_says_so(clean):
    cells = ["20200304", "20201231"]
    assert clean(column(cells, "order_date")).column("order_date")[0] == dt.date(2020, 3, 4)
    assert clean(column(cells, "part")).column("part")[0] == 20200304


def test_a_column_decides_what_is_the_day_by_all_its_rows(clean):
    cells = ["01/02/2020"] * 25_000 + ["25/02/2020"]
    assert clean(column(cells)).column("x")[0] == dt.date(2020, 2, 1)


def test_a_day_that_cannot_be_told_is_said_aloud(clean):
    table = clean(column(["01/02/2020", "03/04/2020"]))
    assert table.column("x")[0] == dt.date(2020, 1, 2)
    assert "day and month cannot be told apart" in table.result.columns[1].notes[0]
    assert any("read as month first" in line for line in table.said)


def test_days_both_ways_about_are_said_aloud(clean):
    table = clean(column(["25/12/2020", "24/12/2020", "12/31/2020", "01/02/2020"]))
    assert table.column("x") == [
        dt.date(2020, 12, 25), dt.date(2020, 12, 24), dt.date(2020, 12, 31), dt.date(2020, 2, 1),
    ]  # fmt: skip
    assert "where both fit, cells are read as day first" in table.result.columns[1].notes[0]


def test_a_few_odd_cells_far_down_become_gaps_and_are_named(clean):
    table = clean(column([*map(str, range(29_000)), "oops", "12b"]))
    assert (table.types["x"], table.column("x")[-2:]) == ("BIGINT", [None, None])
    assert (
        "2 cells without a number became gaps: 'oops' (row 29,001), '12b' (row 29,002)"
        in table.result.columns[1].notes
    )


def test_many_odd_cells_far_down_make_a_column_text(clean):
    table = clean(column([*map(str, range(25_000)), *["oops"] * 100]))
    assert (table.types["x"], table.column("x")[0]) == ("VARCHAR", "0")
    assert (
        "text, because 100 of 25,100 cells hold no number, such as 'oops'" in table.result.columns[1].notes[0]
    )


def test_a_number_with_a_sign_far_down_changes_how_all_are_read(clean):
    table = clean(column([*map(str, range(25_000)), *["$1,200"] * 100]))
    assert (table.types["x"], table.column("x")[-1]) == ("DOUBLE", 1200.0)


def test_decimals_far_down_make_a_column_of_fractions(clean):
    assert clean(column([*map(str, range(25_000)), "0.5"])).column("x")[-1] == 0.5


def test_leading_zeros_far_down_make_a_column_text(clean):
    assert clean(column([*map(str, range(25_000)), *["007"] * 100])).column("x")[-1] == "007"


def test_a_column_that_starts_with_gaps_is_a_number(clean):
    table = clean(column([*[""] * 25_000, *map(str, range(10))]))
    assert (table.types["x"], table.column("x")[-1]) == ("BIGINT", 9)


def test_a_column_without_a_value_is_said(clean):
    table = clean(column(["", "NA", ""]))
    assert table.result.columns[1].notes == ("every cell is missing",)


def test_a_type_that_is_asked_for_is_taken(clean):
    assert clean(column(["1", "x", "3"]), cleaning=forced(type="number")).column("x") == [1, None, 3]
    assert clean(column(["1", "2"]), cleaning=forced(type="text")).column("x") == ["1", "2"]
    assert clean(column(["yes", "no"]), cleaning=forced(type="boolean")).column("x") == [True, False]
    assert clean(column(["20200304"]), cleaning=forced(type="date")).column("x") == [dt.date(2020, 3, 4)]


def test_a_declared_mark_is_a_gap(clean):
    assert clean(column(["1", "-999"]), cleaning=forced(missing=("-999",))).column("x") == [1, None]
    assert clean(column(["a", "unknown"]), cleaning=forced(missing=("unknown",))).column("x") == ["a", None]


def test_columns_are_left_out_and_renamed_as_asked(clean):
    cleaning = Cleaning(columns={"n": ColumnCleaning(keep=False), "x": ColumnCleaning(rename="y")})
    assert list(clean(column(["a"]), cleaning=cleaning).types) == ["y"]


def test_a_type_that_changes_at_row_1_000_001_is_seen(clean, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("n,x\n" + "".join(f"{n},{n % 7}\n" for n in range(1_000_000)) + "1000000,seven\n")
    table = clean(path)
    assert table.types["x"] == "BIGINT"
    assert "1 cell without a number became gaps: 'seven' (row 1,000,001)" in table.result.columns[1].notes
