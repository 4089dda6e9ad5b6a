"""Array files that are mapped: the same answers, from memory that processes share, and no less strictness."""

import io
import mmap
import os
from pathlib import Path

import numpy as np
import pytest

from serving.plan import digests
from serving.plan.arrays import Arrays, pack
from serving.plan.document import digest, map_file, sha256_of
from serving.plan.model import PlanBroken

ROWS = np.arange(12, dtype=np.float64).reshape(4, 3)


def mapped(folder: Path, content: bytes) -> mmap.mmap:
    (folder / "a.npz").write_bytes(content)
    return map_file(folder, "a.npz", sha256_of(content))


def test_arrays_lie_in_the_mapped_file_at_multiples_of_64(tmp_path: Path) -> None:
    names = {"a": ROWS, "longer": ROWS.astype(np.float32), "n": np.arange(7, dtype=np.int32)}
    content = mapped(tmp_path, pack(**names))
    start = np.frombuffer(content, dtype=np.uint8).ctypes.data
    for name, size in (("a", (4, 3)), ("n", (7,))):
        found = (
            Arrays(content).floats(name, *size)
            if name == "a"
            else Arrays(content).indices(name, 7, low=0, high=7)
        )
        offset = found.ctypes.data - start
        assert 0 <= offset < len(content)
        assert offset % 64 == 0
        assert not found.flags.writeable


def test_a_file_of_numpys_own_is_read_too(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, rows=ROWS)
    assert np.array_equal(Arrays(mapped(tmp_path, buffer.getvalue())).floats("rows", 4, 3), ROWS)


def test_equal_arrays_give_equal_files() -> None:
    assert pack(rows=ROWS, places=np.arange(3)) == pack(rows=ROWS.copy(), places=np.arange(3))


def test_an_altered_file_is_not_mapped(tmp_path: Path) -> None:
    content = pack(rows=ROWS)
    (tmp_path / "a.npz").write_bytes(content[:-1] + b"x")
    with pytest.raises(PlanBroken, match="its digest differs"):
        map_file(tmp_path, "a.npz", sha256_of(content))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").touch()
    with pytest.raises(PlanBroken, match="cannot be read whole"):
        map_file(tmp_path, "a.npz", sha256_of(b""))


def test_numbers_that_are_not_those_stored_are_refused() -> None:
    content = bytearray(pack(rows=ROWS))
    at = bytes(content).index(ROWS.tobytes())
    content[at] ^= 1
    with pytest.raises(PlanBroken, match="'rows\\.npy' is not what was stored"):
        Arrays(bytes(content))


def test_a_settled_file_is_hashed_once_and_anew_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "SETTLED_S", -1.0)
    path = tmp_path / "a.npz"
    path.write_bytes(b"one")
    first = digest(tmp_path)
    assert digest(tmp_path) == first
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert digest(tmp_path) != first


def test_a_file_changed_a_moment_ago_is_hashed_anew_though_its_times_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"one")
    before = digest(tmp_path)
    with path.open("r+b") as file:
        file.write(b"two")
    assert digest(tmp_path) != before
