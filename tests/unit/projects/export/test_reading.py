"""An export reads raw cells as the ingestion's own conversions do."""

import numpy as np
import pandas as pd
import pytest

from projects.export.reading import MARKS, Column, read_columns
from projects.ingest.convert import Conversion, convert_frame
from projects.ingest.marks import IN_TEXTS

CASES = [
    (
        Conversion("number"),
        ["1", " 2.5 ", "1e3", "1_000", "NA", "x", "inf", "-3", "+4", ".5", "5.", "0x10", "", None],
    ),
    (
        Conversion("number", form="styled"),
        ["$1,325.0", "90%", "(1,200)", "-5", "€ 3", "x", "NA", "1 000", "\u22127"],
    ),
    (Conversion("number", form="styled", decimal=","), ["€ 1.325,00", "90,5%", "x", "(3,5)"]),
    (Conversion("text"), ["a", " NA ", "none", "", "x ", "?", "1.0", "NULL", None]),
    (Conversion("boolean", form="words", true=("yes",), false=("no",)), ["Yes", " no", "maybe", ""]),
    (
        Conversion("date", form="iso"),
        ["2023-01-02", "2023-1-2", "2023-01-02 03:04:05", "epoch", "2023/01/02", "x"],
    ),
    (
        Conversion("date", form="iso", has_time=True),
        ["2023-01-02T03:04:05Z", "2023-01-02T03:04:05.5+02:00", ""],
    ),
    (
        Conversion("date", form="formats", formats=("%d/%m/%y", "%d/%m/%Y"), has_time=True),
        ["02/01/23", "2/1/2023", "31/12/69", "31/12/68", "2023-05-06", "32/01/23"],
    ),
    (
        Conversion("date", form="formats", formats=("%b %d, %Y %I:%M %p", "%d %B %Y")),
        ["Jan 2, 2023 3:04 PM", "2 March 2021", "foo"],
    ),
]


def column_of(how):
    return Column(
        "a", how.type, styled=how.form == "styled", decimal=how.decimal, formats=how.formats,
        has_time=how.has_time, true=how.true, false=how.false, missing=how.missing,
        as_number=how.type in ("number", "boolean"),
    )  # fmt: skip


def plain(cells):
    return [None if pd.isna(cell) else float(cell) if isinstance(cell, bool) else cell for cell in cells]


@pytest.mark.parametrize(("how", "cells"), CASES)
def test_raw_cells_are_read_as_the_ingestion_reads_them(how, cells):
    frame = pd.DataFrame({"a": pd.Series(cells, dtype="object")})
    own = read_columns(frame, [column_of(how)])["a"].tolist()
    assert plain(own) == plain(convert_frame(frame, {"a": how})["a"].tolist())


@pytest.mark.parametrize(("how", "cells"), CASES)
def test_reading_twice_changes_nothing(how, cells):
    once = read_columns(pd.DataFrame({"a": pd.Series(cells, dtype="object")}), [column_of(how)])
    pd.testing.assert_frame_equal(read_columns(once, [column_of(how)]), once)


def test_marks_are_the_ingestions():
    assert MARKS == IN_TEXTS


def test_a_required_column_must_be_there():
    with pytest.raises(ValueError, match="the rows lack the column 'Age'"):
        read_columns(pd.DataFrame({"b": [1]}), [Column("age", original="Age", required=True)])


def test_another_column_is_one_of_gaps():
    assert (
        read_columns(pd.DataFrame({"b": [1]}), [Column("a"), Column("n", "number", as_number=True)])["a"][0]
        is None
    )


def test_numbers_beyond_the_largest_are_gaps():
    read = read_columns(pd.DataFrame({"a": [1e39, 2.0]}), [Column("a", "number", as_number=True)])
    np.testing.assert_array_equal(read["a"], [np.nan, 2.0])
