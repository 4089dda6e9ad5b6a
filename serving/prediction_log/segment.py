"""An append-only segment of JSON lines that one writer holds.

The writer holds an exclusive flock while the segment is open. The kernel lets it go when the process dies, so
whoever gets the lock knows that nobody appends any more. A segment only ever grows: after a write that the
disk cut short, the next append begins with a newline, so that the half line swallows nothing.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from serving.prediction_log.layout import SEGMENT_SUFFIX, segments_dir

_BACK_S = 1.0


class PartlyWrittenError(OSError):
    """The disk took only the beginning of what was appended.

    Attributes:
        written_bytes: How much of it.
    """

    def __init__(self, cause: OSError, written_bytes: int) -> None:
        super().__init__(cause.errno, cause.strerror)
        self.written_bytes = written_bytes


class SegmentWriter:
    """Appends lines to segments in a log's folder, one segment at a time; for one thread of one process.

    Args:
        folder: The log's folder; made when the first line comes.
        max_bytes: The size from which a segment is closed.
        max_age_s: The age from which a segment is closed, in seconds.
        clock: Seconds since 1970.
    """

    def __init__(
        self, folder: Path, *, max_bytes: int, max_age_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = segments_dir(folder)
        self._max_bytes, self._max_age_s, self._clock = max_bytes, max_age_s, clock
        self._handle: int | None = None
        self._size_bytes, self._opened_s, self._latest_s = 0, 0.0, 0.0
        self._is_torn = False

    def append(self, lines: bytes) -> None:
        """Write whole lines, each with its newline, by one write; they survive this process when it returns.

        Raises:
            PartlyWrittenError: The disk was full in the midst of it; the next append starts clean.
            OSError: The disk refused; none of the lines is written.
        """
        if self._handle is None or self._is_due():
            self.close()
            self._handle = self._open()
        mend = b"\n" if self._is_torn else b""
        data = mend + lines
        written = 0
        while written < len(data):
            try:
                count = os.write(self._handle, data[written:] if written else data)
            except OSError as error:
                if written:
                    self._is_torn = not data[:written].endswith(b"\n")
                    raise PartlyWrittenError(error, written - len(mend)) from error
                raise
            written += count
            self._size_bytes += count
        self._is_torn = False

    def rotate_if_due(self) -> None:
        """Close a segment that is too old or whose file was removed; to be called when lines are rare."""
        if self._handle is not None and (self._is_due() or os.fstat(self._handle).st_nlink == 0):
            self.close()

    def close(self) -> None:
        """Close the segment, which may then be sealed; the next append opens another."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self._is_torn = None, False

    def _is_due(self) -> bool:
        now_s = self._clock()
        # A clock that was set back ends the segment: readers trust that no record is younger than its file.
        is_back = now_s < self._latest_s - _BACK_S
        self._latest_s = now_s
        return is_back or self._size_bytes >= self._max_bytes or now_s - self._opened_s >= self._max_age_s

    def _open(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        while True:
            self._opened_s = self._latest_s = self._clock()
            name = f"{int(self._opened_s * 1e9):020d}-{os.getpid()}-{secrets.token_hex(4)}{SEGMENT_SUFFIX}"
            handle = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Sealing may have found the file between the two lines above, empty and free, and removed it.
            if os.fstat(handle).st_nlink:
                self._size_bytes = 0
                return handle
            os.close(handle)
