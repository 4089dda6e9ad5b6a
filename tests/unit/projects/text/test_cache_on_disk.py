"""Numbers in a folder: shared by processes, bounded, and no answer where anything is wrong."""

import errno
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from projects.text.cache import FeatureCache
from projects.text.disk_cache import INSIDE, SMALLEST, DiskCache, DiskUnavailableError

lmdb = pytest.importorskip("lmdb")
REPO = Path(__file__).parents[4]
WRITES_3000 = """
FeatureCache(0, folder).put_many((f"key {n}".encode(), bytes([n % 256]) * 800) for n in range(3000))
"""


def entries(number: int, size: int = 800) -> list[tuple[bytes, bytes]]:
    return [(f"key {one}".encode(), bytes([one % 256]) * size) for one in range(number)]


def in_another_process(code: str, folder: Path) -> subprocess.Popen[str]:
    whole = f"from projects.text.cache import FeatureCache\nfolder = {str(folder)!r}\n{code}"
    return subprocess.Popen(
        [sys.executable, "-c", whole], cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def overwrite(file: Path, places: range, content: bytes) -> None:
    with file.open("r+b") as opened:
        for place in places:
            opened.seek(place)
            opened.write(content)


def test_another_cache_finds_what_one_put(tmp_path):
    FeatureCache(0, tmp_path).put_many(entries(10))
    other = FeatureCache(10_000_000, tmp_path)

    assert other.get_many([b"key 3", b"no key"]) == [bytes([3]) * 800, None]
    assert (other.stats().disk_hits, other.stats().disk_entries) == (1, 10)


def test_what_was_found_on_disk_is_in_memory_then(tmp_path):
    FeatureCache(0, tmp_path).put_many(entries(1))
    cache = FeatureCache(10_000, tmp_path)
    cache.get_many([b"key 0"])
    cache.get_many([b"key 0"])

    stats = cache.stats()
    assert (stats.size, stats.hits, stats.disk_hits) == (1, 2, 1)


def test_a_pickled_cache_finds_its_folder_again(tmp_path):
    cache = FeatureCache(10_000, tmp_path)
    cache.put_many(entries(1))

    assert pickle.loads(pickle.dumps(cache)).get_many([b"key 0"]) == [bytes(800)]


def test_clear_empties_the_folder_too(tmp_path):
    cache = FeatureCache(10_000, tmp_path)
    cache.put_many(entries(100))
    cache.clear()

    assert cache.stats().disk_entries == 0
    assert FeatureCache(10_000, tmp_path).get_many([b"key 0"]) == [None]


def test_two_processes_write_and_read_at_once(tmp_path):
    code = """
import sys
cache = FeatureCache(0, folder)
for number in range({start}, {start} + 300):
    cache.put_many([(f"key {{number}}".encode(), bytes([number % 256]) * 800)])
    assert cache.get_many([f"key {{number}}".encode()]) == [bytes([number % 256]) * 800]
print(cache.stats().refused)
"""
    both = [in_another_process(code.format(start=start), tmp_path) for start in (0, 200)]
    said = [process.communicate(timeout=60) for process in both]

    assert [(out.strip(), error) for out, error in said] == [("0", "")] * 2
    cache = FeatureCache(0, tmp_path)
    assert cache.get_many([key for key, _ in entries(500)]) == [value for _, value in entries(500)]


def test_a_process_that_is_killed_while_it_writes_leaves_a_whole_cache(tmp_path):
    code = """
cache, number = FeatureCache(0, folder), 0
while True:
    cache.put_many([(f"key {one}".encode(), bytes([one % 256]) * 800) for one in range(number, number + 40)])
    number += 40
    print(number, flush=True)
"""
    process = in_another_process(code, tmp_path)
    assert process.stdout is not None
    while (written := int(process.stdout.readline())) < 400:
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    cache = FeatureCache(0, tmp_path)
    assert cache.get_many([key for key, _ in entries(written)]) == [value for _, value in entries(written)]
    cache.put_many([(b"after", b"wards")])
    assert cache.get_many([b"after"]) == [b"wards"]


def test_a_process_killed_while_it_reads_does_not_make_the_file_grow(tmp_path):
    code = """
import time
cache = FeatureCache(0, folder, disk_bytes=2_000_000)
cache.get_many([b"key 0"])
reading = cache._on_disk._opened.env.begin()
print("reads", flush=True)
time.sleep(60)
"""
    cache = FeatureCache(0, tmp_path, disk_bytes=2_000_000)
    cache.put_many(entries(1))
    process = in_another_process(code, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "reads\n"
    process.kill()
    process.communicate()

    for turn in range(30):
        cache.put_many([(f"{turn} {key!r}".encode(), value) for key, value in entries(500)])
    assert (tmp_path / INSIDE / "data.mdb").stat().st_size < 8_000_000


def test_the_folder_stays_about_its_bound_and_keeps_the_newest(tmp_path):
    cache = FeatureCache(0, tmp_path, disk_bytes=2_000_000)
    for turn in range(20):
        cache.put_many([(f"{turn} {number}".encode(), bytes(800)) for number in range(500)])

    stats = cache.stats()
    assert 900_000 < stats.disk_bytes <= 2_000_000 * 1.3
    assert (tmp_path / INSIDE / "data.mdb").stat().st_size < 4_000_000
    assert cache.get_many([b"19 499", b"0 0"]) == [bytes(800), None]


def test_what_is_asked_for_again_and_again_stays(tmp_path):
    cache = FeatureCache(0, tmp_path, disk_bytes=2_000_000)
    cache.put_many([(b"wanted", b"value")])
    for turn in range(40):
        cache.put_many([(f"{turn} {number}".encode(), bytes(800)) for number in range(250)])
        assert cache.get_many([b"wanted"]) == [b"value"]


def test_a_damaged_entry_never_answers(tmp_path):
    cache = FeatureCache(0, tmp_path)
    cache.put_many([(b"key", b"the right value")])
    disk = DiskCache(tmp_path, SMALLEST)
    opened = disk._opened
    with opened.env.begin(write=True) as transaction:
        entry = transaction.get(b"key", db=opened.generations[0])
        transaction.put(b"key", entry.replace(b"right", b"wrong"), db=opened.generations[0])

    assert cache.get_many([b"key"]) == [None]
    assert cache.stats().refused == 1


def test_an_entry_under_anothers_key_never_answers(tmp_path):
    cache = FeatureCache(0, tmp_path)
    cache.put_many([(b"one", b"value")])
    opened = DiskCache(tmp_path, SMALLEST)._opened
    with opened.env.begin(write=True) as transaction:
        entry = transaction.get(b"one", db=opened.generations[0])
        transaction.put(b"other", entry, db=opened.generations[0])

    assert cache.get_many([b"one", b"other"]) == [b"value", None]


@pytest.mark.parametrize("seed", range(3))
def test_a_file_with_random_damage_gives_right_values_or_none_and_is_begun_anew(tmp_path, seed):
    folder = tmp_path / "cache"
    assert in_another_process(WRITES_3000, folder).wait(60) == 0
    file = folder / INSIDE / "data.mdb"
    overwrite(file, range(8_192 + 512 * seed, file.stat().st_size, 37_000), bytes(range(64)))

    cache = FeatureCache(0, folder)
    for key, value in entries(3_000):
        assert cache.get_many([key]) in ([value], [None])
    assert cache.stats().refused > 0
    cache.put_many(entries(3_000))
    found = cache.get_many([key for key, _ in entries(3_000)])
    # A key that was damaged without a sign may be lost for good, but nothing else is.
    assert sum(value is not None for value in found) > 2_900
    assert all(value in (None, right) for value, (_, right) in zip(found, entries(3_000), strict=True))


@pytest.mark.parametrize("content", [b"", b"no database " * 1_000], ids=["empty", "garbage"])
def test_a_file_that_is_no_database_is_put_aside(tmp_path, content):
    (tmp_path / INSIDE).mkdir()
    (tmp_path / INSIDE / "data.mdb").write_bytes(content)
    cache = FeatureCache(0, tmp_path)
    cache.put_many(entries(1))

    assert cache.get_many([b"key 0"]) == [bytes(800)]
    assert [entry.name for entry in tmp_path.iterdir()] == [INSIDE]


def test_a_file_that_was_cut_off_is_put_aside(tmp_path):
    assert in_another_process(WRITES_3000, tmp_path).wait(60) == 0
    file = tmp_path / INSIDE / "data.mdb"
    os.truncate(file, file.stat().st_size // 2)

    cache = FeatureCache(0, tmp_path)
    assert cache.get_many([key for key, _ in entries(3_000)]) == [None] * 3_000
    cache.put_many(entries(1))
    assert cache.get_many([b"key 0"]) == [bytes(800)]


def test_another_versions_files_are_left_alone(tmp_path):
    other = tmp_path / "features-0" / "data.mdb"
    other.parent.mkdir()
    other.write_bytes(b"of another version")
    FeatureCache(0, tmp_path).put_many(entries(1))

    assert other.read_bytes() == b"of another version"


def test_a_folder_that_cannot_be_made_warns_once_and_memory_is_used(tmp_path):
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "cache"
    cache = FeatureCache(10_000, folder)
    sentence = (
        f"the cache folder {folder} cannot be used, so features are kept in memory only: Not a directory"
    )
    with pytest.warns(UserWarning, match="kept in memory only") as caught:
        cache.put_many(entries(2))

    assert [str(one.message) for one in caught] == [sentence]
    assert cache.get_many([b"key 1"]) == [bytes([1]) * 800]
    assert cache.stats().problem == sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes everywhere")
def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DiskUnavailableError, match="Permission denied"):
        DiskCache(tmp_path, SMALLEST)


def test_without_lmdb_the_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.warns(UserWarning, match=r"it needs lmdb: pip install 'lmdb>=2.2'$"):
        FeatureCache(10_000, tmp_path).put_many(entries(1))


def test_a_folder_that_is_removed_and_made_again_is_used_again(tmp_path):
    first = FeatureCache(0, tmp_path / "cache")
    first.put_many(entries(1))
    shutil.rmtree(tmp_path / "cache")
    second = FeatureCache(0, tmp_path / "cache")
    second.put_many([(b"new", b"value")])

    assert second.get_many([b"key 0", b"new"]) == [None, b"value"]


def test_a_full_disk_is_counted_and_answers_nothing(tmp_path):
    disk = DiskCache(tmp_path, 1 << 30, map_bytes=1 << 20)
    disk.put_many(entries(5_000))

    assert disk.refused > 0
    assert disk.get_many([b"never put"]) == [None]


def test_a_forked_process_finds_nothing_and_spoils_nothing(tmp_path):
    cache = FeatureCache(0, tmp_path)
    cache.put_many(entries(1))
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()

    def child() -> None:
        cache.put_many([(b"child", b"value")])
        answers.put(cache.get_many([b"key 0", b"child"]))

    process = fork.Process(target=child)
    process.start()
    process.join(30)
    assert answers.get() == [None, None]
    assert cache.get_many([b"key 0", b"child"]) == [bytes(800), None]


def test_reading_3000_entries_takes_less_than_a_second_of_the_processor(tmp_path):
    FeatureCache(0, tmp_path).put_many(entries(3_000))
    cache, started = FeatureCache(0, tmp_path), time.process_time()
    cache.get_many([key for key, _ in entries(3_000)])

    assert time.process_time() - started < 1


def test_a_disk_that_fills_up_is_no_error_of_who_asks(tmp_path, monkeypatch):
    def is_full(opened, entries):
        raise OSError(errno.ENOSPC, "No space left on device")

    disk = DiskCache(tmp_path, SMALLEST)
    monkeypatch.setattr(disk, "_write", is_full)
    disk.put_many(entries(1))
    assert disk.refused == 1
    assert disk.get_many([b"key 0"]) == [None]
