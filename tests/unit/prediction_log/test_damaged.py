"""A damaged file of the log costs its own rows: it is told of, and keeps nothing else from being done."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from penstock.lineage.record import find, parse_id
from serving.prediction_log import layout
from serving.prediction_log.erase import erase
from serving.prediction_log.retention import Keeping
from serving.prediction_log.seal import seal
from serving.prediction_log.upkeep import keep_up
from serving.prediction_log.whose import known_of
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, write, write_outcomes

DAY_S = 86_400
LATER_S = NOON + 2 * DAY_S
FIRST, SECOND = (f"019fb898-2600-7000-8000-00000000000{number}" for number in (1, 2))
MADE_S = int(FIRST[:8] + FIRST[9:13], 16) / 1000


def sealed(folder: Path, *names: str, **changes: object) -> list[Path]:
    """A sealed file for each prediction."""
    found = []
    for name in names:
        write(folder, make_record(prediction_id=name, **changes))
        found += seal(folder)
    return found


def cut(path: Path) -> None:
    """Only the beginning has come to the disk."""
    path.write_bytes(path.read_bytes()[:-20])


def rot(path: Path) -> None:
    """The ends are whole, and what is between them is not."""
    data = bytearray(path.read_bytes())
    footer = int.from_bytes(data[-8:-4], "little") + 8
    data[4:-footer] = b"\xff" * (len(data) - footer - 4)
    path.write_bytes(data)
    assert pq.read_schema(path)


def ids(folder: Path) -> list[str]:
    paths = [path for day in layout.every_day_dir(folder) for path in layout.sealed_files(day)]
    return sorted(name for path in paths for name in pq.read_table(path)["prediction_id"].to_pylist())


@pytest.mark.parametrize("damage", [cut, rot])
def test_the_other_files_are_merged_and_the_damaged_one_is_kept_and_told_of(tmp_path, damage):
    damaged, *_ = sealed(tmp_path, "a", "b", "c")
    damage(damaged)
    left = damaged.read_bytes()
    report = keep_up(tmp_path, Keeping(), None, NOON + DAY_S)
    assert report.merged == 1
    (problem,) = report.problems
    assert problem.startswith(f"'{damaged}' cannot be read")
    assert damaged.read_bytes() == left
    damaged.unlink()
    assert ids(tmp_path) == ["b", "c"]


def test_a_day_of_which_too_few_are_whole_is_left_as_it_is(tmp_path):
    damaged, _ = sealed(tmp_path, "a", "b")
    rot(damaged)
    assert keep_up(tmp_path, Keeping(), None, NOON + DAY_S).merged == 0


def test_a_day_of_which_a_merged_file_is_damaged_is_left_alone_and_no_row_is_doubled(tmp_path):
    sources = {path: path.read_bytes() for path in sealed(tmp_path, "a", "b")}
    keep_up(tmp_path, Keeping(), None, NOON + DAY_S)
    (merged,) = (tmp_path / "sealed").rglob("merged-*.parquet")
    whole = merged.read_bytes()
    cut(merged)
    for path, data in sources.items():  # as if merging had been killed before it removed them
        path.write_bytes(data)
    sealed(tmp_path, "c")
    assert keep_up(tmp_path, Keeping(), None, NOON + DAY_S).merged == 0
    merged.write_bytes(whole)
    keep_up(tmp_path, Keeping(), None, NOON + DAY_S)
    assert ids(tmp_path) == ["a", "b", "c"]


def test_old_days_are_pruned_with_their_damaged_files(tmp_path):
    cut(sealed(tmp_path, "a")[0])
    keep_up(tmp_path, Keeping(), None, LATER_S)
    assert keep_up(tmp_path, Keeping(days=1), None, LATER_S).pruned == 1


def test_outcomes_are_counted_by_what_can_be_read(tmp_path):
    damaged, _ = sealed(tmp_path, FIRST, SECOND, ts_s=MADE_S)
    cut(damaged)
    write_outcomes(tmp_path, FIRST, SECOND, received_s=MADE_S)
    report = keep_up(tmp_path, Keeping(), None, MADE_S)
    assert (report.kinds["matched"], report.kinds["unknown"]) == (1, 1)
    assert len(report.problems) == 1


@pytest.mark.parametrize("damage", [cut, rot])
def test_a_person_is_erased_from_all_other_files(tmp_path, damage):
    damaged, *_ = sealed(tmp_path, "a", "b", user_key="ann")
    damage(damaged)
    erased = erase(tmp_path, None, user_key="ann")
    assert (erased.predictions, erased.damaged) == (1, {damaged.relative_to(tmp_path).as_posix()})


def test_ids_are_looked_for_in_all_other_files(tmp_path):
    damaged, _ = sealed(tmp_path, FIRST, SECOND, ts_s=MADE_S)
    cut(damaged)
    assert known_of(tmp_path, [FIRST, SECOND], ["churn"]) == {SECOND}
    (row,) = find(tmp_path, parse_id(SECOND))
    assert row["prediction_id"] == SECOND
