"""Rows to come are converted exactly as the rows of training were."""

import math

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.errors import BadInput
from projects.ingest.convert import Conversion, convert_frame
from projects.ingest.schema import conversions_of, read_schema

CELLS = {
    "plain": ["1", "2.5", "-3e2", "NA", "x", "", None, "1_000", " 7 ", "inf", "nan", "007"],
    "money": ["$1,325.0", "(1,200)", "90%", "€ 5", "?", "12", None, "-$3", "1 000", "abc"],
    "comma": ["1.325,50", "2,5", "7", None, "-", "x"],
    "day": ["04/03/2020", "31/12/2020", "2020-03-04", None, "never", "01/02/20"],
    "truth": ["t", "F", "true", "FALSE", None, "yes", " t "],
    "text": ["red", "NA", "none", " ", None, "?", " green ", "None"],
}
CONVERSIONS = {
    "plain": Conversion("number"),
    "money": Conversion("number", "styled"),
    "comma": Conversion("number", "styled", decimal=","),
    "day": Conversion("date", "formats", formats=("%d/%m/%Y",)),
    "truth": Conversion("boolean", "words"),
    "text": Conversion("text"),
}
WANTED = {
    "plain": [1, 2.5, -300, None, None, None, None, None, 7, None, None, 7],
    "money": [1325, -1200, 0.9, 5, None, 12, None, -3, 1000, None],
    "comma": [1325.5, 2.5, 7, None, None, None],
    "day": ["2020-03-04", "2020-12-31", "2020-03-04", None, None, None],
    "truth": [True, False, True, False, None, None, True],
    "text": ["red", None, "none", None, None, None, " green ", None],
}


def by_sql(name, cells):
    """Convert as the ingestion does: SQL over a column of texts."""
    conversion = CONVERSIONS[name]
    value = conversion.sql("v")
    shown = f"CAST({value} AS VARCHAR)" if conversion.type == "date" else value
    with duckdb.connect() as engine:
        return [
            row[0]
            for row in engine.execute(
                f"SELECT {shown} FROM (SELECT unnest(?::VARCHAR[]) AS v)", [cells]
            ).fetchall()
        ]


def by_frame(name, cells):
    column = convert_frame(pd.DataFrame({name: pd.Series(cells, dtype="object")}), CONVERSIONS)[name]
    return [None if isinstance(cell, float) and math.isnan(cell) else cell for cell in column]


@pytest.mark.parametrize("name", CELLS)
def test_cells_become_what_they_say(name):
    assert by_sql(name, CELLS[name]) == WANTED[name]


@pytest.mark.parametrize("name", CELLS)
def test_a_frame_is_converted_as_a_file(name):
    assert by_frame(name, CELLS[name]) == WANTED[name]


TEXTS = st.one_of(
    st.none(),
    st.text(alphabet="0123456789.,-+$€%() eE_tfNA?/", max_size=12),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8),
)


@settings(max_examples=40)
@given(cells=st.lists(TEXTS, min_size=1, max_size=30), name=st.sampled_from(sorted(CELLS)))
def test_any_cells_are_converted_alike_both_ways(cells, name):
    assert by_frame(name, cells) == by_sql(name, cells)


def test_a_raw_file_read_by_pandas_gives_the_clean_rows(clean, shared_data):
    table = clean(shared_data / "tabular/telco_customer_churn.csv")
    raw = pd.read_csv(shared_data / "tabular/telco_customer_churn.csv", dtype="object")
    again = convert_frame(raw, conversions_of(read_schema(table.result.folder)))
    wanted = pd.read_parquet(table.result.folder / "rows.parquet")
    for name in wanted.columns:
        same = again[name].astype("object").where(again[name].notna(), None)
        assert list(same) == list(wanted[name].astype("object").where(wanted[name].notna(), None)), name


def test_numbers_truths_and_dates_of_a_frame_are_taken_as_they_are():
    frame = pd.DataFrame({
        "plain": [1, 2], "money": [1.5, np.nan], "truth": [True, False], "text": [7, 8.5],
        "day": pd.to_datetime(["2020-03-04", None]),
    })  # fmt: skip
    done = convert_frame(frame, CONVERSIONS)
    assert done["plain"].tolist() == [1.0, 2.0]
    assert (done["money"].tolist()[0], done["truth"].tolist()) == (1.5, [True, False])
    assert (done["day"].tolist(), done["text"].tolist()) == (["2020-03-04", None], ["7", "8.5"])


def test_a_fraction_comes_through_a_column_that_was_whole():
    whole = {"plain": Conversion("number", whole=True)}
    assert convert_frame(pd.DataFrame({"plain": ["1", "1.5"]}), whole)["plain"].tolist() == [1.0, 1.5]


def test_the_index_and_other_columns_stay():
    frame = pd.DataFrame({"other": ["a", "b"], "plain": ["1", "2"]}, index=[7, 9])
    done = convert_frame(frame, CONVERSIONS)
    assert (list(done.index), list(done.columns), done["other"].tolist()) == (
        [7, 9],
        ["other", "plain"],
        ["a", "b"],
    )


@pytest.mark.parametrize("conversion", [*CONVERSIONS.values(), Conversion("date", "iso", has_time=True)])
def test_a_conversion_is_saved_and_read(conversion):
    assert Conversion.from_dict(conversion.to_dict()) == conversion


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"typ": "text"}, r"a conversion has no 'typ'; did you mean 'type'\?"),
        ({"type": "words"}, "must be one of number, text"),
    ],
)
def test_a_conversion_with_a_mistake_is_refused(told, match):
    with pytest.raises(BadInput, match=match):
        Conversion.from_dict(told)
