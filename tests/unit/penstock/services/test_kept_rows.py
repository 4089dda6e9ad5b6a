"""Rows of a Parquet file in pieces: as CSV whole and in order, a spreadsheet's formulas defused."""

import io
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from penstock.services import kept_rows
from penstock.services.kept_rows import csv_pieces, first_rows

FORMULAS = ["=1+1", "+x", "-y", "@z", "\t=1", "\r=1", "=cmd|' /C calc'!A0"]
PLAIN = ["plain", '"quoted"', "a,b", "a=1", " =1", "", "ünï"]


def kept(tmp_path, columns, **options):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def csv_of(path, *, is_raw=False):
    return pd.read_csv(
        io.BytesIO(b"".join(csv_pieces(path, is_raw=is_raw))), keep_default_na=False, dtype=str
    )


def test_very_many_rows_come_whole_and_in_order(tmp_path):
    rows = pa.table({"n": pa.array(range(300_000)), "x": [at / 8 for at in range(300_000)]})
    path = kept(tmp_path, rows, row_group_size=70_000)
    pieces = list(csv_pieces(path, is_raw=False))
    assert len(pieces) > 3
    assert pa_csv.read_csv(io.BytesIO(b"".join(pieces))).equals(rows)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_texts_that_a_spreadsheet_would_run_bear_an_apostrophe(tmp_path, kind):
    path = kept(tmp_path, {"t": pa.array(FORMULAS + PLAIN, kind)})
    assert list(csv_of(path)["t"]) == [f"'{text}" for text in FORMULAS] + PLAIN


def test_so_do_texts_that_are_kept_by_number(tmp_path):
    path = kept(tmp_path, {"t": pa.array(FORMULAS).dictionary_encode()})
    assert list(csv_of(path)["t"]) == [f"'{text}" for text in FORMULAS]


def test_so_do_names_of_columns(tmp_path):
    assert list(csv_of(kept(tmp_path, {'=HYPERLINK("x")': [1]}))) == ['\'=HYPERLINK("x")']


def test_numbers_below_zero_stay_numbers(tmp_path):
    assert list(csv_of(kept(tmp_path, {"n": [-1.5, 2.0]}))["n"]) == ["-1.5", "2"]


def test_all_stays_as_it_is_where_that_is_asked_for(tmp_path):
    path = kept(tmp_path, {"=t": FORMULAS + PLAIN})
    assert list(csv_of(path, is_raw=True)["=t"]) == FORMULAS + PLAIN


def test_some_rows_from_the_middle_on(tmp_path):
    path = kept(tmp_path, {"n": list(range(100))}, row_group_size=30)
    assert first_rows(path, offset=58, most=4) == (["n"], [{"n": at} for at in (58, 59, 60, 61)])


def test_a_file_that_another_process_removes_is_fetched_again(tmp_path, monkeypatch):
    path, fetched = tmp_path / "api" / "rows" / "r1-rows.parquet", []

    def fetch(*words):
        fetched.append(words[1])
        words[-1].write_text("rows")

    exists = Path.exists
    monkeypatch.setattr(kept_rows, "_fetch", fetch)
    monkeypatch.setattr(Path, "exists", lambda it: it == path or exists(it))  # it was, a moment ago
    desk = SimpleNamespace(settings=SimpleNamespace(var_dir=tmp_path))
    assert kept_rows.rows_file(desk, "r1").read_text() == "rows"
    assert fetched == ["r1"]
