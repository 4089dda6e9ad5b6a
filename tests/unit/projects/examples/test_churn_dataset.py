"""A raw table is checked chunk by chunk, and refused with the row that is wrong."""

import gzip

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.examples.churn.columns import COLUMNS
from projects.examples.churn.customers import generate_customers
from projects.examples.churn.dataset import make_dataset


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "raw.csv"

    def write(encoding="utf-8", **cells):
        frame = generate_customers(30, 1, gaps=0).frame.astype(object)
        for name, (row, value) in cells.items():
            frame.loc[row, name] = value
        frame.to_csv(path, index=False, encoding=encoding)
        return path

    return write


def refusal(path, **options):
    with pytest.raises(BadInput) as refused:
        make_dataset(path, None, path.with_name("clean.csv"), **options)
    assert not path.with_name("clean.csv").exists()
    return str(refused.value)


def test_whole_rows_come_out_as_they_went_in(raw, tmp_path):
    made = make_dataset(raw(), None, tmp_path / "clean.csv", chunk_size=7)
    wanted = generate_customers(30, 1, gaps=0).frame
    pd.testing.assert_frame_equal(made, wanted, check_dtype=False)


def test_the_file_holds_what_is_returned(raw, tmp_path):
    made = make_dataset(raw(), None, tmp_path / "new" / "clean.csv", chunk_size=7)
    assert pd.read_csv(tmp_path / "new" / "clean.csv").to_numpy().tolist() == made.to_numpy().tolist()


def test_rows_with_missing_values_are_dropped_and_counted(raw, tmp_path):
    made = make_dataset(
        raw(age=(3, None), ticket_notes=(9, "  ")), None, tmp_path / "clean.csv", chunk_size=4
    )
    assert made.attrs["rows_dropped"] == 2
    assert made.attrs["missing"]["age"] == made.attrs["missing"]["ticket_notes"] == 1
    assert len(made) == 28


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("age", "old", "the column 'age' must be a number >= 0; row 13 has 'old'"),
        ("tenure", -1, "the column 'tenure' must be a number >= 0; row 13 has '-1'"),
        ("spend_rate", "inf", "the column 'spend_rate' must be a number >= 0; row 13 has 'inf'"),
        ("churn", 2, "the column 'churn' must be 0 or 1; row 13 has '2'"),
        ("churn", "yes", "the column 'churn' must be 0 or 1; row 13 has 'yes'"),
    ],
)
def test_a_wrong_cell_is_named_by_its_row(raw, name, value, wanted):
    assert wanted in refusal(raw(**{name: (11, value)}), chunk_size=5)


@pytest.mark.parametrize("name", COLUMNS)
def test_each_column_is_required(raw, name):
    path = raw()
    pd.read_csv(path).rename(columns={name: f"{name}s"}).to_csv(path, index=False)
    said = refusal(path)
    assert f"the column '{name}' is required and missing; did you mean '{name}s'?" in said


@pytest.mark.parametrize("name", ["plan_type", "ticket_notes"])
def test_a_text_column_of_numbers_is_refused(raw, name):
    path = raw()
    pd.read_csv(path).assign(**{name: 7}).to_csv(path, index=False)
    assert f"the column '{name}' must be text; all of its cells are numbers" in refusal(path)


def test_a_note_that_is_a_number_is_a_note(raw, tmp_path):
    made = make_dataset(raw(ticket_notes=(4, "12345")), None, tmp_path / "clean.csv")
    assert made.ticket_notes[4] == "12345"


def test_a_file_of_windows_is_read(raw, tmp_path):
    made = make_dataset(
        raw("cp1252", ticket_notes=(25, "très fâché")), None, tmp_path / "c.csv", chunk_size=5
    )
    assert made.ticket_notes[25] == "très fâché"


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "raw.csv").touch()
    assert "is empty; it must begin with the columns customer_id, age" in refusal(tmp_path / "raw.csv")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "No such file or directory; name a CSV file" in refusal(tmp_path / "raw.csv")


def test_a_table_of_gaps_alone_is_refused(raw):
    path = raw()
    pd.read_csv(path).assign(age=None).to_csv(path, index=False)
    assert "has 30 rows and none without an empty cell; fill the gaps" in refusal(path)


def test_a_compressed_file_that_is_cut_short_is_refused(raw, tmp_path):
    path = tmp_path / "raw.csv.gz"
    path.write_bytes(gzip.compress(raw().read_bytes())[:-200])
    assert "cannot be read: Compressed file ended before" in refusal(path)


def test_a_column_that_is_there_twice_is_refused(raw):
    path = raw()
    path.write_text(path.read_text().replace("tenure", " age", 1))
    path.write_text("tenure," + path.read_text().replace("\nC0", "\n5,C0"))
    assert "the column 'age' is there twice" in refusal(path)


@pytest.mark.parametrize("more", [",more", ",more,", ",,more"])
def test_rows_longer_than_the_header_are_refused(raw, more):
    path = raw()
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(f"{row}{more}" for row in rows)]))
    assert "mind quotes around notes that hold commas" in refusal(path)


def test_one_row_longer_than_the_header_is_refused(raw):
    path = raw()
    header, first, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, f"{first}, more", *rows]))
    assert "mind quotes around notes that hold commas" in refusal(path)


def test_a_comma_at_each_row_s_end_is_no_fault(raw, tmp_path):
    path = raw()
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(f"{row}," for row in rows)]))
    made = make_dataset(path, None, tmp_path / "clean.csv")
    pd.testing.assert_frame_equal(made, generate_customers(30, 1, gaps=0).frame, check_dtype=False)


def test_a_folder_that_cannot_be_made_is_refused(raw, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match=r"clean.csv cannot be written: .*; name another place"):
        make_dataset(raw(), None, tmp_path / "file" / "clean.csv")
