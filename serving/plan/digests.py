"""SHA-256 digests of files, computed once per process for a file that nobody has touched since.

A file is known by its inode, size and times, of which nobody can set the last (ctime) back. One that was
changed a moment ago is hashed anew, since a second change in the same tick of the clock would not show.
"""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

BLOCK_BYTES = 1 << 20
SETTLED_S = 2.0
MOST_KNOWN = 4096

Stamp = tuple[int, int, int, int, int]

_known: dict[object, str] = {}


def of_folder(folder: Path) -> str:
    """The SHA-256 (hex) over the names and bytes of a folder's files, in the order of the names."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    stamps = tuple((str(path), stamp(path.stat())) for path in paths)
    return remembered(stamps, [found for _, found in stamps], lambda: _hashed(folder, paths))


def remembered(key: object, stamps: list[Stamp], compute: Callable[[], str]) -> str:
    """What `compute` returns, or returned earlier for files with the same stamps.

    Args:
        key: Names the digest; it must hold the stamps.
        stamps: Of all files that it is computed from.
        compute: Hashes them.
    """
    known = _known.get(key)
    if known is not None:
        return known
    found = compute()
    if all(time.time_ns() - changed_ns > SETTLED_S * 1e9 for *_, changed_ns in stamps):
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = found
    return found


def stamp(found: os.stat_result) -> Stamp:
    """What changes with a file's bytes."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _hashed(folder: Path, paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            total.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
            while block := file.read(BLOCK_BYTES):
                total.update(block)
    return total.hexdigest()
