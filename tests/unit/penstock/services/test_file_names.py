"""Strangers' file names become safe ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.services.file_names import LONGEST_BYTES, safe_name, shown_name


@pytest.mark.parametrize(
    ("given_", "safe"),
    [
        ("telco.csv", "telco.csv"),
        ("../../etc/passwd", "passwd"),
        ("..", "data"),
        ("", "data"),
        ("C:\\Users\\anna\\my data.XLSX", "my_data.xlsx"),
        ("a\0b.csv", "ab.csv"),
        ("con.csv", "data_con.csv"),
        (".csv", "csv"),
        ("data[1]*?.csv.gz", "data_1_.csv.gz"),
        ("-rf.csv", "rf.csv"),
        ("Größe.parquet", "Größe.parquet"),
        ("'; DROP TABLE x; --.csv", "DROP_TABLE_x_--.csv"),
        ("a/b/", "b"),
    ],
)
def test_a_name_becomes_safe(given_, safe):
    assert safe_name(given_) == safe


@given(st.text(max_size=400))
def test_any_name_becomes_one_folder_entry(text):
    name = safe_name(text)
    assert 0 < len(name.encode()) <= LONGEST_BYTES
    assert not set(name) & set("/\\\0*?[]$`\"' \n")
    assert not name.startswith((".", "-"))


def test_a_long_name_keeps_its_suffixes():
    assert safe_name("ü" * 500 + ".csv.gz").endswith("ü.csv.gz")


@given(st.text(max_size=400))
def test_a_shown_name_is_printable_and_not_empty(text):
    name = shown_name(text)
    assert name
    assert name.isprintable()
