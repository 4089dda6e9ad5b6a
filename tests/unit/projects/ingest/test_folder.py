"""A clean folder appears whole or not at all, whoever else writes, whatever breaks."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time

import duckdb
import pytest

from projects.errors import BadInput
from projects.ingest.failures import said_plainly
from projects.ingest.publish import new_folder
from projects.ingest.run import ingest

TABLE = "x,day,t\n1,2020-01-02,2020-01-02 03:04:05\n2,,2020-01-02 03:04:06.5\n"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_clean_folder_holds_what_was_promised(clean):
    assert names(clean(TABLE).result.folder) == [
        "cleaning_plan.yaml", "lineage.json", "rows.jsonl", "rows.parquet", "schema.json",
    ]  # fmt: skip


def test_nothing_is_left_beside_it(clean, tmp_path):
    clean(TABLE)
    assert names(tmp_path) == ["clean", "table.csv"]


def test_json_lines_are_utf8_objects_with_iso_dates_and_nulls(clean):
    folder = clean('x,größe,day,t\n0.1,ü""\x01,2020-01-02,2020-01-02 03:04:05\n,,,\n').result.folder
    assert (folder / "rows.jsonl").read_text("utf-8").splitlines() == [
        '{"x":0.1,"größe":"ü\\"\\"\\u0001","day":"2020-01-02","t":"2020-01-02T03:04:05"}',
        '{"x":null,"größe":null,"day":null,"t":null}',
    ]


def test_fractions_of_seconds_are_kept(clean):
    assert [line["t"] for line in clean(TABLE).lines] == [
        "2020-01-02T03:04:05.000000",
        "2020-01-02T03:04:06.500000",
    ]


def test_infinite_and_missing_numbers_are_null(clean, tmp_path):
    import pandas as pd

    pd.DataFrame({"x": [1.0, float("inf"), float("nan"), 1e300]}).to_parquet(tmp_path / "t.parquet")
    assert [line["x"] for line in clean(tmp_path / "t.parquet").lines] == [1.0, None, None, 1e300]


def test_lineage_names_files_steps_and_versions(clean):
    told = json.loads((clean(TABLE).result.folder / "lineage.json").read_text())
    assert (told["files"][0]["rows"], told["files"][0]["format"], told["source"].endswith("table.csv")) == (
        2,
        "csv",
        True,
    )
    assert [(step["name"], step["rows_out"]) for step in told["steps"]][-2:] == [
        ("types and joins to Parquet", 2), ("Parquet to JSON lines", 2),
    ]  # fmt: skip
    assert told["versions"]["duckdb"] == duckdb.__version__


def test_the_digest_is_that_of_the_only_file(clean, tmp_path):
    import hashlib

    assert clean(TABLE).result.sha256 == hashlib.sha256((tmp_path / "table.csv").read_bytes()).hexdigest()


def test_the_same_data_gives_the_same_digest(clean):
    assert clean("sklearn:iris").result.sha256 == clean("sklearn:iris").result.sha256


def test_an_earlier_folder_is_replaced(clean):
    clean(TABLE)
    assert clean("x\n7\n8\n").rows() == [(7,), (8,)]


def test_a_folder_of_somebody_else_is_not_replaced(clean, tmp_path):
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "thesis.docx").write_text("years of work")
    with pytest.raises(
        BadInput, match=r"holds 'thesis\.docx', which no ingestion has written; name another folder"
    ):
        clean(TABLE)


def test_a_file_is_no_folder(clean, tmp_path):
    (tmp_path / "clean").write_text("")
    with pytest.raises(BadInput, match="is a file; name a folder for the clean rows"):
        clean(TABLE)


def test_what_fails_leaves_nothing(clean, tmp_path):
    with pytest.raises(BadInput):
        clean("a,b\n1,2\n3,4,5\n")
    assert names(tmp_path) == ["table.csv"]


def test_what_fails_leaves_the_earlier_folder(clean):
    before = clean(TABLE)
    with pytest.raises(BadInput):
        clean("a,b\n1,2\n3,4,5\n")
    assert before.column("x") == [1, 2]


def test_two_writers_at_once_leave_one_whole_folder(tmp_path):
    for name, text in (("a", "x\n1\n1\n"), ("b", "x\n2\n2\n")):
        (tmp_path / f"{name}.csv").write_text(text * 1)
    target = tmp_path / "clean"

    def write(name):
        for _ in range(4):
            ingest(tmp_path / f"{name}.csv", target, say=lambda _: None)

    writers = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    rows = [json.loads(line)["x"] for line in (target / "rows.jsonl").read_text().splitlines()]
    assert rows in ([1, 1], [2, 2])
    assert names(tmp_path) == ["a.csv", "b.csv", "clean"]


KILLED = """
import sys, time
from pathlib import Path
from projects.ingest.publish import new_folder
with new_folder(Path(sys.argv[1])) as part:
    (part / "rows.parquet").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_a_killed_writer_leaves_no_folder_and_is_swept_up_by_the_next(tmp_path, clean):
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "clean")], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert not (tmp_path / "clean").exists()
    clean(TABLE)
    assert names(tmp_path) == ["clean", "table.csv"]


def test_a_writer_that_is_alive_is_not_swept_up(tmp_path):
    with new_folder(tmp_path / "clean") as first:
        with new_folder(tmp_path / "clean") as second:
            (second / "rows.parquet").write_text("second")
        assert first.is_dir()
        (first / "rows.parquet").write_text("first")
    assert (tmp_path / "clean" / "rows.parquet").read_text() == "first"


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        duckdb.IOException("IO Error: No space left on device"),
    ],
)
def test_a_full_disk_is_said_in_a_sentence(tmp_path, failure):
    with pytest.raises(BadInput, match=r"the disk of '.*' is full; free some space"), said_plainly(tmp_path):
        raise failure


def test_steps_are_timed_by_the_clock_that_is_given(tmp_path):
    (tmp_path / "t.csv").write_text(TABLE)
    ticks = iter(range(1000))
    ingest(tmp_path / "t.csv", tmp_path / "clean", say=lambda _: None, clock=lambda: float(next(ticks)))
    steps = json.loads((tmp_path / "clean" / "lineage.json").read_text())["steps"]
    assert {step["seconds"] for step in steps} == {1.0}


@pytest.mark.slow
def test_ten_thousand_columns_are_read(clean, tmp_path):
    start = time.process_time()
    header = ",".join(f"c{n}" for n in range(10_000))
    rows = "\n".join(",".join(str(n * row % 97) for n in range(10_000)) for row in range(50))
    (tmp_path / "wide.csv").write_text(f"{header}\n{rows}\n")
    table = clean(tmp_path / "wide.csv")
    assert (len(table.types), table.column("c9999")[3]) == (10_000, 9999 * 3 % 97)
    assert time.process_time() - start < 120
