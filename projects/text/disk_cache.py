"""Numbers in a folder (LMDB) that several processes read and write at once; the older half goes first.

    folder/features-1/    data.mdb, lock.mdb; another format has another folder
        generations 0, 1  key -> digest (8 bytes) and value; the younger one is written to
        about             which generation is the younger

Once the younger generation fills half of the bound, the older one is emptied and becomes the younger. What is
found in the older one is written to the younger, so what is asked for stays. An entry whose digest does not
agree is no entry. A database that cannot be read is put aside and begun anew.
"""

import os
import shutil
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

T = TypeVar("T")
INSIDE = "features-1"
DIGEST = 8
SMALLEST = 1_000_000
MAP_BYTES = 1 << 36
"""Addresses, not memory nor disk; the same for all, since no process can see beyond its own map."""
AT_ONCE = 500
"""Entries written in one transaction: other processes wait for no more than these."""


class DiskUnavailableError(Exception):
    """A folder cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class DiskSize:
    """What is on disk.

    Attributes:
        entries: Of both generations.
        used_bytes: Of the pages that hold them.
    """

    entries: int
    used_bytes: int


class DiskCache:
    """Entries on disk. Safe for threads, for processes, and for a process that is killed while it writes.

    A process that was forked while the folder was open cannot use it (LMDB's own limit) and finds nothing.

    Args:
        folder: Made if it is not there.
        size_bytes: Of all entries, about; the file takes up to a quarter more.
        map_bytes: Of addresses that the file may take; beyond them entries are refused.

    Raises:
        DiskUnavailableError: The folder cannot be written, or lmdb is not installed.
    """

    def __init__(self, folder: Path, size_bytes: int, *, map_bytes: int = MAP_BYTES) -> None:
        self.folder = folder
        self.size_bytes = size_bytes
        self.map_bytes = map_bytes
        self._opened: _Opened | None = _opened(folder, map_bytes)
        self.refused = 0
        """Entries whose digest did not agree, and calls that the database refused."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values; None for each that is not there."""
        return self._safely(lambda opened: self._found(opened, keys), [None] * len(keys))

    def put_many(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep entries, those that were there already anew."""
        entries = [(key, _digest(key, value) + value) for key, value in items]
        for start in range(0, len(entries), AT_ONCE):
            self._safely(partial(self._write, entries=entries[start : start + AT_ONCE]), None)

    def size(self) -> DiskSize:
        """Count what is there."""
        return self._safely(_size, DiskSize(0, 0))

    def clear(self) -> None:
        """Forget all entries, also those of other processes."""
        self._safely(_empty, None)

    def _found(self, opened: "_Opened", keys: Sequence[bytes]) -> list[bytes | None]:
        found: list[bytes | None] = []
        older: list[tuple[bytes, bytes]] = []
        with opened.env.begin(buffers=False) as transaction:
            young = _younger(opened, transaction)
            first, second = opened.generations[young], opened.generations[1 - young]
            for key in keys:
                entry = transaction.get(key, db=first)
                if entry is None:
                    entry = transaction.get(key, db=second)
                    older += [(key, entry)] if entry is not None else []
                found.append(self._value(key, entry))
        if older:
            self._write(opened, older)
        return found

    def _value(self, key: bytes, entry: bytes | None) -> bytes | None:
        if entry is None:
            return None
        value = entry[DIGEST:]
        if entry[:DIGEST] == _digest(key, value):
            return value
        self.refused += 1
        return None

    def _write(self, opened: "_Opened", entries: Iterable[tuple[bytes, bytes]]) -> None:
        page_bytes = opened.env.stat()["psize"]
        if opened.env.info()["last_pgno"] * page_bytes > 2 * self.size_bytes:
            # A process that died while it read keeps old pages from being used again.
            opened.env.reader_check()
        with opened.env.begin(write=True) as transaction:
            young = _younger(opened, transaction)
            for key, entry in entries:
                transaction.put(key, entry, db=opened.generations[young])
            if _used_bytes(transaction.stat(opened.generations[young])) > self.size_bytes / 2:
                transaction.drop(opened.generations[1 - young], delete=False)
                transaction.put(b"younger", bytes([1 - young]), db=opened.about)
        _whole_length(opened)

    def _safely(self, action: Callable[["_Opened"], T], otherwise: T) -> T:
        import lmdb

        broken = (
            lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.InvalidError, lmdb.VersionMismatchError,
            lmdb.PanicError,
        )  # fmt: skip
        opened = self._opened
        if opened is None or opened.process != os.getpid():
            return otherwise
        try:
            return action(opened)
        except broken:
            self.refused += 1
            self._begin_anew()
        except (lmdb.Error, OSError):
            # A full disk, or more readers than there are places: the caller makes the numbers itself.
            self.refused += 1
        return otherwise

    def _begin_anew(self) -> None:
        _put_aside(self.folder)
        try:
            self._opened = _opened(self.folder, self.map_bytes)
        except DiskUnavailableError:
            self._opened = None


class _Opened:
    """An open database, one a folder and process: LMDB's locks are lost when a second one is closed."""

    def __init__(self, env: Any, path: Path) -> None:
        self.env = env
        self.path = path
        self.process = os.getpid()
        self.about = env.open_db(b"about")
        self.generations = (env.open_db(b"0"), env.open_db(b"1"))


def _opened(folder: Path, map_bytes: int) -> _Opened:
    try:
        import lmdb
    except ImportError as error:
        raise DiskUnavailableError("it needs lmdb: pip install 'lmdb>=2.2'") from error
    path = folder.resolve() / INSIDE
    # These functions travel by value in pickles, so several copies of this module may live in one process:
    # what is open is written down where all of them see it.
    known = vars(lmdb).setdefault(
        "penstock_opened", SimpleNamespace(lock=threading.Lock(), by_file=weakref.WeakValueDictionary())
    )
    with known.lock:
        opened = known.by_file.get(_file_of(path))
        if opened is None:
            opened = _open(path, folder, map_bytes)
            known.by_file[_file_of(path)] = opened
    return opened  # type: ignore[no-any-return]


def _open(path: Path, folder: Path, map_bytes: int) -> _Opened:
    import lmdb

    for attempt in range(2):
        try:
            path.mkdir(parents=True, exist_ok=True)
            # Without sync a killed process loses nothing; a machine that stops may lose the newest entries.
            opened = _Opened(lmdb.open(str(path), map_size=map_bytes, max_dbs=3, sync=False), path)
            if _is_whole(opened):
                opened.env.reader_check()
                return opened
            del opened
        except OSError as error:
            raise DiskUnavailableError(f"{error.strerror or error}") from error
        except lmdb.Error as error:
            if attempt or not (path / "data.mdb").is_file() or not os.access(path, os.W_OK):
                raise DiskUnavailableError(str(error)) from error
        _put_aside(folder)
    raise DiskUnavailableError("its database cannot be begun anew")


def _put_aside(folder: Path) -> None:
    aside = folder / f".broken-{uuid.uuid4().hex}"
    try:
        (folder / INSIDE).rename(aside)
    except OSError:
        return
    shutil.rmtree(aside, ignore_errors=True)


def _file_of(path: Path) -> tuple[int, int] | None:
    try:
        about = (path / "data.mdb").stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _is_whole(opened: _Opened) -> bool:
    # Reading past the end of a file that was cut off would end the process. Another process may be about to
    # bring the file to its whole length, so a short one is looked at twice.
    for pause_s in (0.05, 0):
        if (opened.path / "data.mdb").stat().st_size >= _wanted_length(opened):
            return True
        time.sleep(pause_s)
    return False


def _whole_length(opened: _Opened) -> None:
    # A page that was given back within its transaction is counted but never written.
    path = opened.path / "data.mdb"
    wanted = _wanted_length(opened)
    if path.is_file() and path.stat().st_size < wanted:
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), wanted - 1, 1)


def _wanted_length(opened: _Opened) -> int:
    return int((opened.env.info()["last_pgno"] + 1) * opened.env.stat()["psize"])


def _younger(opened: _Opened, transaction: Any) -> int:
    kept = transaction.get(b"younger", db=opened.about)
    return kept[0] & 1 if kept else 0


def _used_bytes(stat: dict[str, int]) -> int:
    return stat["psize"] * (stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"])


def _size(opened: _Opened) -> DiskSize:
    with opened.env.begin() as transaction:
        stats = [transaction.stat(generation) for generation in opened.generations]
    return DiskSize(sum(stat["entries"] for stat in stats), sum(map(_used_bytes, stats)))


def _empty(opened: _Opened) -> None:
    with opened.env.begin(write=True) as transaction:
        for generation in opened.generations:
            transaction.drop(generation, delete=False)


def _digest(key: bytes, value: bytes) -> bytes:
    return blake2b(value, digest_size=DIGEST, key=key).digest()
