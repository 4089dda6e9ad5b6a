"""Rows of a Parquet file in pieces: as CSV whole and in order, a spreadsheet's formulas defused."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
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


class Slow:
    """A fetching that the test lets go on."""

    def __init__(self, tmp_path, monkeypatch):
        self.desk = SimpleNamespace(settings=SimpleNamespace(var_dir=tmp_path))
        self.fetched, self.begun, self.go_on = [], threading.Event(), threading.Event()
        monkeypatch.setattr(kept_rows, "_fetch", self.fetch)

    def fetch(self, _desk, run_id, _name, path):
        self.fetched.append(run_id)
        if run_id == "slow":
            self.begun.set()
            self.go_on.wait(20)
        path.write_text("rows")

    def rows_of(self, run_id):
        return kept_rows.rows_file(self.desk, run_id)


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """One that is at work on the rows of the run 'slow'."""
    found = Slow(tmp_path, monkeypatch)
    found.rows_of("near")
    with ThreadPoolExecutor() as threads:
        found.threads = threads
        found.first = threads.submit(found.rows_of, "slow")
        assert found.begun.wait(20)
        yield found
        found.go_on.set()


def test_rows_near_at_hand_do_not_wait_for_others_to_be_fetched(slow):
    assert slow.threads.submit(slow.rows_of, "near").result(5).read_text() == "rows"


def test_rows_of_another_run_are_fetched_meanwhile(slow):
    assert slow.threads.submit(slow.rows_of, "other").result(5).read_text() == "rows"


def test_who_wants_the_same_rows_waits_for_them_and_they_are_fetched_once(slow):
    second = slow.threads.submit(slow.rows_of, "slow")
    with pytest.raises(TimeoutError):
        second.result(0.2)
    slow.go_on.set()
    assert second.result(5) == slow.first.result(5)
    assert slow.fetched == ["near", "slow"]


def test_rows_that_are_dropped_while_they_are_fetched_do_not_stay(slow):
    dropped = slow.threads.submit(kept_rows.drop_rows, slow.desk, "slow")
    with pytest.raises(TimeoutError):
        dropped.result(0.2)
    slow.go_on.set()
    dropped.result(5)
    assert not slow.first.result(5).exists()
