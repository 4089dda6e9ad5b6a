import contextlib
import fcntl
import logging
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from serving.prediction_log import layout
from serving.prediction_log import seal as sealing
from serving.prediction_log.read import read
from serving.prediction_log.record import encode
from serving.prediction_log.seal import seal, seal_segments
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, open_writer, write


def ids(folder, model="churn"):
    return read(folder, model=model).column("prediction_id").to_pylist()


def test_an_empty_log_seals_to_nothing(tmp_path):
    assert seal(tmp_path / "none") == []


def test_a_sealed_segment_is_parquet_and_gone(tmp_path):
    write(tmp_path, make_record(prediction_id="a"))
    (file,) = seal(tmp_path)
    assert pq.ParquetFile(file).read(["prediction_id"]).to_pylist() == [{"prediction_id": "a"}]
    assert layout.segments(tmp_path) == []


def test_sealed_files_lie_by_model_and_utc_day(tmp_path):
    write(tmp_path, make_record(ts_s=NOON), make_record(ts_s=NOON + 12 * 3600), make_record(model="a/b"))
    folders = {str(path.parent.relative_to(tmp_path / "sealed")) for path in seal(tmp_path)}
    assert folders == {
        "model=churn/day=2026-07-31", "model=churn/day=2026-08-01", "model=a%2Fb/day=2026-07-31"
    }  # fmt: skip


def test_sealed_files_are_compressed_with_zstd(tmp_path):
    write(tmp_path, make_record())
    (file,) = seal(tmp_path)
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize("name", ["..", "a b", "ü" * 200, "x" * 256, "model=1", "100%"])
def test_any_model_name_is_sealed_and_read(tmp_path, name):
    write(tmp_path, make_record(prediction_id="a", model=name), make_record(model="other"))
    seal(tmp_path)
    assert ids(tmp_path, name) == ["a"]


def test_a_segment_that_is_being_written_is_left_alone(tmp_path):
    writer = open_writer(tmp_path)
    writer.append(encode(make_record()))
    assert seal(tmp_path) == []
    assert len(layout.segments(tmp_path)) == 1
    writer.close()


def test_a_segment_that_another_process_seals_is_left_alone(tmp_path):
    write(tmp_path, make_record())
    with layout.segments(tmp_path)[0].open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert seal(tmp_path) == []


def test_sealing_twice_changes_nothing(tmp_path):
    write(tmp_path, make_record(prediction_id="a"))
    seal(tmp_path)
    assert seal(tmp_path) == []
    assert ids(tmp_path) == ["a"]


def test_broken_lines_are_skipped_counted_and_named(tmp_path, caplog):
    write(tmp_path, make_record(prediction_id="a"), make_record(prediction_id="b"))
    segment = layout.segments(tmp_path)[0]
    first, second = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(first + b"{}\n" + second + first[:40])
    with caplog.at_level(logging.WARNING):
        report = seal_segments(tmp_path)
    assert ids(tmp_path) == ["a", "b"]
    assert [line.number for line in report.broken] == [2, 4]
    assert f"line 4 of segment '{segment.stem}' is cut short; it is skipped" in caplog.text


def test_broken_lines_are_kept(tmp_path):
    write(tmp_path, make_record())
    segment = layout.segments(tmp_path)[0]
    segment.write_bytes(b"{}\nhalf a li")
    seal(tmp_path)
    assert (tmp_path / "broken" / segment.name).read_bytes() == b"{}\nhalf a li\n"


def test_records_of_mixed_kinds_are_sealed(tmp_path):
    values = [1, 2.5, "many", None, True, [1], 2**63]
    write(tmp_path, *[make_record(columns=("x",), rows=[[value]], predictions=[value]) for value in values])
    seal(tmp_path)
    table = read(tmp_path, model="churn")
    assert {row["x"] for row in table.column("features").to_pylist()} >= {
        "1",
        "2.5",
        "many",
        None,
        "true",
        "[1]",
    }


def test_records_without_features_are_sealed(tmp_path):
    write(tmp_path, make_record(prediction_id="a", columns=(), rows=[[]]))
    seal(tmp_path)
    assert read(tmp_path, model="churn").select(["prediction_id", "features"]).to_pylist() == [
        {"prediction_id": "a", "features": None}
    ]


def test_a_long_segment_is_sealed_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(sealing, "ROWS_PER_PART", 2)
    write(tmp_path, *[make_record(prediction_id=str(number)) for number in range(5)])
    assert len(seal(tmp_path)) == 3
    assert ids(tmp_path) == ["0", "1", "2", "3", "4"]


class DiedError(BaseException):
    """The end of a process, at a step of its sealing."""


STEPS = [
    (sealing.os, "fsync"),
    (Path, "replace"),
    (Path, "unlink"),
    (sealing.layout, "sync_dir"),
    (sealing.pq, "write_table"),
]


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("owner_and_step", STEPS, ids=[step for _, step in STEPS])
def test_dying_at_any_step_of_sealing_loses_and_doubles_nothing(
    tmp_path, monkeypatch, owner_and_step, nth, is_done
):
    owner, step = owner_and_step
    write(tmp_path, make_record(prediction_id="a"), make_record(prediction_id="b", ts_s=NOON + 86400))
    write(tmp_path, make_record(prediction_id="c"))
    real, calls = getattr(owner, step), []

    def dying(*arguments, **options):
        calls.append(step)
        if len(calls) == nth and not is_done:
            raise DiedError
        answer = real(*arguments, **options)
        if len(calls) == nth:
            raise DiedError
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(owner, step, dying)
        with contextlib.suppress(DiedError):
            seal(tmp_path)
    assert sorted(ids(tmp_path)) == ["a", "b", "c"]
    seal(tmp_path)
    assert sorted(ids(tmp_path)) == ["a", "b", "c"]


def test_unfinished_files_of_an_earlier_sealing_are_replaced(tmp_path):
    write(tmp_path, make_record(prediction_id="a"))
    segment = layout.segments(tmp_path)[0]
    kept = segment.read_bytes()
    (file,) = seal(tmp_path)
    leftover = file.with_name(layout.sealed_name(segment.stem, 7))
    file.rename(leftover)
    segment.write_bytes(kept)
    assert ids(tmp_path) == ["a"]
    seal(tmp_path)
    assert ids(tmp_path) == ["a"]
    assert not leftover.exists()
