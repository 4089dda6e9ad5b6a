import contextlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from serving.prediction_log import compact as compacting
from serving.prediction_log import layout
from serving.prediction_log.catalogue import Moved, Sealed
from serving.prediction_log.compact import compact
from serving.prediction_log.read import read
from serving.prediction_log.record import encode
from serving.prediction_log.seal import seal
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, open_writer, write

TODAY, TOMORROW = "2026-07-31", "2026-08-01"


def fill(folder, *names, **changes):
    for name in names:
        write(folder, make_record(prediction_id=name, **changes))
        seal(folder)


def ids(folder, **options):
    return sorted(read(folder, model="churn", **options).column("prediction_id").to_pylist())


def kinds(table):
    return {field.name: field.type for field in table.schema.field("features").type}


def files(folder):
    return [path.name for day in layout.every_day_dir(folder) for path in layout.sealed_files(day)]


def test_a_finished_days_files_become_one(tmp_path):
    fill(tmp_path, "a", "b", "c")
    (merged,) = compact(tmp_path, TOMORROW)
    assert files(tmp_path) == [merged.name]
    assert ids(tmp_path) == ["a", "b", "c"]


def test_a_day_that_is_not_over_waits_for_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(compacting, "ENOUGH", 3)
    fill(tmp_path, "a", "b")
    assert compact(tmp_path, TODAY) == []
    fill(tmp_path, "c")
    assert [path.name[:9] for path in compact(tmp_path, TODAY)] == ["merged-1-"]


def test_merged_files_of_the_day_become_one_when_it_is_over(tmp_path, monkeypatch):
    monkeypatch.setattr(compacting, "ENOUGH", 2)
    for names in ("ab", "cd", "e"):
        fill(tmp_path, *names)
        compact(tmp_path, TODAY)
    (merged,) = compact(tmp_path, TOMORROW)
    assert files(tmp_path) == [merged.name]
    assert ids(tmp_path) == ["a", "b", "c", "d", "e"]


def test_merging_again_changes_nothing(tmp_path):
    fill(tmp_path, "a", "b")
    compact(tmp_path, TOMORROW)
    assert compact(tmp_path, TOMORROW) == []


def test_files_are_merged_up_to_a_size(tmp_path, monkeypatch):
    fill(tmp_path, "a", "b", "c", "d")
    size = max(
        path.stat().st_size for day in layout.every_day_dir(tmp_path) for path in layout.sealed_files(day)
    )
    monkeypatch.setattr(compacting, "TARGET_BYTES", 2 * size)
    assert len(compact(tmp_path, TOMORROW)) == 2


def test_sources_that_are_still_there_do_not_count(tmp_path):
    fill(tmp_path, "a", "b")
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    compact(tmp_path, TOMORROW)
    for path, data in kept.items():
        path.write_bytes(data)
    assert ids(tmp_path) == ["a", "b"]
    compact(tmp_path, TOMORROW)
    assert len(files(tmp_path)) == 1


def test_models_and_days_stay_apart(tmp_path):
    fill(tmp_path, "a", "b")
    fill(tmp_path, "c", "d", ts_s=NOON - 86_400)
    fill(tmp_path, "e", "f", model="other")
    assert len(compact(tmp_path, TOMORROW)) == 3
    assert ids(tmp_path) == ["a", "b", "c", "d"]


def test_reading_gives_the_same_before_and_after(tmp_path):
    fill(tmp_path, "a")
    fill(tmp_path, "b", rows=[["12", None]], version="4")
    fill(tmp_path, "c", columns=("other",), rows=[[True]])
    fill(tmp_path, "d", rows=[[None, None]], probabilities=None)
    before = [read(tmp_path, model="churn", version=version) for version in (None, "3", "4")]
    compact(tmp_path, TOMORROW)
    assert len(files(tmp_path)) < 4
    after = [read(tmp_path, model="churn", version=version) for version in (None, "3", "4")]
    assert [table.sort_by("prediction_id").to_pylist() for table in after] == [
        table.sort_by("prediction_id").to_pylist() for table in before
    ]
    assert list(map(kinds, after)) == list(map(kinds, before))


def test_unfinished_files_of_a_segment_are_not_merged(tmp_path):
    fill(tmp_path, "a")
    write(tmp_path, make_record(prediction_id="b"))
    (segment,) = layout.segments(tmp_path)
    kept = segment.read_bytes()
    seal(tmp_path)
    segment.write_bytes(kept)
    assert compact(tmp_path, TOMORROW) == []
    assert ids(tmp_path) == ["a", "b"]


def test_a_merged_file_that_holds_a_segment_read_before_makes_the_reader_begin_again(tmp_path, monkeypatch):
    fill(tmp_path, "a")
    write(tmp_path, make_record(prediction_id="b"))
    days, calls = layout.day_dirs, []

    def merged_first(above):
        if not calls:
            calls.append(1)
            seal(tmp_path)
            compact(tmp_path, TOMORROW)
        return days(above)

    monkeypatch.setattr(layout, "day_dirs", merged_first)
    assert ids(tmp_path) == ["a", "b"]


def test_a_file_that_vanishes_under_the_reader_makes_it_begin_again(tmp_path, monkeypatch):
    fill(tmp_path, "a", "b")
    reading, calls = Sealed.read, []

    def merged_first(sealed, **options):
        if not calls:
            calls.append(1)
            compact(tmp_path, TOMORROW)
        return reading(sealed, **options)

    monkeypatch.setattr(Sealed, "read", merged_first)
    assert ids(tmp_path) == ["a", "b"]


def test_a_file_that_is_never_there_is_no_endless_loop(tmp_path, monkeypatch):
    fill(tmp_path, "a")
    monkeypatch.setattr(Sealed, "read", lambda *_, **__: (_ for _ in ()).throw(Moved("x")))
    with pytest.raises(Moved):
        ids(tmp_path)


class DiedError(BaseException):
    """The end of a process, at a step."""


STEPS = [(layout, "publish"), (Path, "unlink"), (pq, "ParquetWriter")]


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("owner_and_step", STEPS, ids=[step for _, step in STEPS])
def test_dying_at_any_step_loses_and_doubles_nothing(tmp_path, monkeypatch, owner_and_step, nth, is_done):
    owner, step = owner_and_step
    fill(tmp_path, "a", "b", "c")
    fill(tmp_path, "d", "e", ts_s=NOON - 86_400)
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
            compact(tmp_path, TOMORROW)
    assert ids(tmp_path) == ["a", "b", "c", "d", "e"]
    compact(tmp_path, TOMORROW)
    assert ids(tmp_path) == ["a", "b", "c", "d", "e"]
    assert len(files(tmp_path)) == 2


def test_memory_is_bounded_by_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(compacting, "_ROWS_AT_ONCE", 2)
    fill(tmp_path, "a", "b", "c", "d", "e")
    (merged,) = compact(tmp_path, TOMORROW)
    assert pq.ParquetFile(merged).metadata.num_row_groups == 3
    assert pq.read_table(merged, partitioning=None).num_rows == 5


def test_a_writer_that_goes_on_is_not_disturbed(tmp_path):
    fill(tmp_path, "a", "b")
    writer = open_writer(tmp_path)
    writer.append(encode(make_record(prediction_id="c")))
    compact(tmp_path, TOMORROW)
    assert ids(tmp_path) == ["a", "b", "c"]
    writer.close()
