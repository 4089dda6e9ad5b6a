"""The metrics' files where the disk has no room: counted in memory, never killed."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

from serving.metrics_files import FIRST_BYTES, RoomyDict


@contextmanager
def no_file_beyond(size_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def shown(path: Path) -> dict[str, float]:
    return {key: value for key, value, _, _ in MmapedDict.read_all_values_from_file(path)}


def test_values_are_shown_and_their_room_is_taken(tmp_path: Path) -> None:
    values = RoomyDict(str(tmp_path / "counter_1.db"))
    values.write_value("a", 3.0, 0.0)
    assert shown(tmp_path / "counter_1.db") == {"a": 3.0}
    assert (tmp_path / "counter_1.db").stat().st_blocks * 512 >= FIRST_BYTES


def test_a_full_disk_at_the_start_leaves_no_file_and_counts_in_memory(tmp_path: Path) -> None:
    with no_file_beyond(0):
        values = RoomyDict(str(tmp_path / "counter_1.db"))
        values.write_value("a", 3.0, 0.0)
    assert values.read_value("a") == (3.0, 0.0)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_at_growth_keeps_what_was_counted(tmp_path: Path) -> None:
    values = RoomyDict(str(tmp_path / "counter_1.db"))
    names = [f"{number:0100}" for number in range(2 * FIRST_BYTES // 100)]
    with no_file_beyond(FIRST_BYTES):
        for number, name in enumerate(names):
            values.write_value(name, float(number), 0.0)
    assert [values.read_value(name)[0] for name in names] == list(range(len(names)))


def test_growth_on_the_disk_is_shown(tmp_path: Path) -> None:
    values = RoomyDict(str(tmp_path / "counter_1.db"))
    names = [f"{number:0100}" for number in range(2 * FIRST_BYTES // 100)]
    for name in names:
        values.write_value(name, 1.0, 0.0)
    assert shown(tmp_path / "counter_1.db") == dict.fromkeys(names, 1.0)
