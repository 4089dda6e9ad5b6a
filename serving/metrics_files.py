"""The metrics' shared files on a disk that may be full.

The library maps sparse files, and the kernel kills a process that touches a mapped page for which the disk
has no room. Here the room is taken first; where there is none, the worker counts in memory of its own, which
`/metrics` does not show, and goes on answering.
"""

import logging
import mmap
import os
import struct
from pathlib import Path

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

_logger = logging.getLogger(__name__)

FIRST_BYTES = 1 << 16
ENTRY_BYTES = 40
"""An entry's bytes besides its key, at most."""


class RoomyDict(MmapedDict):  # type: ignore[misc]
    """The library's file of values, which has its room before it is written."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if read_mode or _has_room(filename):
            super().__init__(filename, read_mode)
            return
        self._f, self._fname = open(os.devnull, "rb"), filename  # noqa: SIM115, PTH123 - as the library holds it
        self._capacity, self._used = FIRST_BYTES, 8
        self._positions: dict[str, int] = {}
        self._m = mmap.mmap(-1, FIRST_BYTES)
        struct.pack_into("i", self._m, 0, self._used)

    def _init_value(self, key: str) -> None:
        while self._used + len(key.encode()) + ENTRY_BYTES > self._capacity:
            self._grow()
        super()._init_value(key)

    def _grow(self) -> None:
        self._capacity *= 2
        try:
            os.posix_fallocate(self._f.fileno(), 0, self._capacity)
            self._m = mmap.mmap(self._f.fileno(), self._capacity)
        except OSError as error:
            _warn(self._fname, error)
            grown = mmap.mmap(-1, self._capacity)
            grown[: len(self._m)] = self._m[:]
            self._m = grown


def install() -> None:
    """Make the library use it in this process; to be called before the first metric is declared."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        values.MmapedDict = RoomyDict


def _has_room(filename: str) -> bool:
    try:
        with open(filename, "ab") as file:  # noqa: PTH123 - the library's names are plain text
            os.posix_fallocate(file.fileno(), 0, FIRST_BYTES)
    except OSError as error:
        _warn(filename, error)
        Path(filename).unlink(missing_ok=True)
        return False
    return True


def _warn(filename: str, error: OSError) -> None:
    _logger.warning("'%s' has no room (%s); this worker's counts are not shown", filename, error.strerror)
