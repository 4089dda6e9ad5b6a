"""No cell of a CSV is run by the spreadsheet that opens it."""

import csv
import io

import pytest

from penstock.spreadsheets import safe, safe_csv


@pytest.mark.parametrize(
    "text", ["=1+1", "+x", "-y", "@z", "\t=1", "\r=1", "\n=1", "-", "+", "-1+2", "-1\t", "-inf", "--1"]
)
def test_what_a_spreadsheet_would_run_bears_an_apostrophe(text):
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["-1.5", "+3", "-.5", "-1e-05", "1", "plain", "", "a=1", "'=1", "ünï", " =1"]
)
def test_all_else_stays_as_it_is(text):
    assert safe(text) == text


def test_a_table_keeps_its_form():
    cells = [["=name", "a"], ["-0.25", 'say "=x", please'], ["@two\nlines", ""]]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(cells)
    found = list(csv.reader(io.StringIO(safe_csv(text.getvalue().encode()).decode(), newline="")))
    assert found == [["'=name", "a"], ["-0.25", 'say "=x", please'], ["'@two\nlines", ""]]
