"""What a job's processes print: its beginning and its end are kept, so that endless words fill no disk.

A piece's place is counted in bytes from the very first. The first piece is `said.log`; behind it the newest
two of `said.<place>.log` are kept, each named by where it begins; what lay between is gone, and a reader is
told how much that was.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

HEAD = "said.log"
HEAD_BYTES = 8 * 1024 * 1024
TAIL_BYTES = 4 * 1024 * 1024
"""Of each of the two newest pieces."""
LAST_BYTES = 16 * 1024
_LONGEST_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class LogPart:
    """A piece of a job's log.

    Attributes:
        text: What stands there.
        next_offset: Where the next piece begins.
        is_over: Whether this is all there is now; of a job that is over, all that there will be.
    """

    text: str
    next_offset: int
    is_over: bool


class Log:
    """Writes a job's log; one thread uses it.

    Args:
        folder: The job's.
        head_bytes: How much of the beginning is kept.
        tail_bytes: How much of the end is kept at least.
    """

    def __init__(self, folder: Path, *, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES) -> None:
        self._folder, self._head_bytes, self._tail_bytes = folder, head_bytes, tail_bytes
        start, file = _pieces(folder)[-1] if _pieces(folder) else (0, folder / HEAD)
        self._start, self._file = start, file.open("ab")

    def write(self, data: bytes) -> None:
        """Append, in a next piece where this one is full.

        Raises:
            OSError: It cannot be written.
        """
        left = data
        while left:
            room = self._room()
            if room <= 0:
                self._next()
                continue
            self._file.write(left[:room])
            left = left[room:]
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _room(self) -> int:
        most = self._tail_bytes if self._start else self._head_bytes
        return most - self._file.tell()

    def _next(self) -> None:
        start = self._start + self._file.tell()
        self._file.close()
        for _, file in [piece for piece in _pieces(self._folder) if piece[0]][:-1]:
            file.unlink(missing_ok=True)
        self._start, self._file = start, (self._folder / f"said.{start}.log").open("ab")


def read(folder: Path, offset: int, most: int) -> LogPart:
    """A piece of a log from a place on, cut between characters.

    Args:
        folder: The job's.
        offset: Where it begins, in bytes.
        most: At most so many bytes, and at least the 4 of the longest character.
    """
    most = max(most, _LONGEST_CHARACTER)
    for start, file in _pieces(folder):
        try:
            with file.open("rb") as found:
                end = start + found.seek(0, 2)
                if offset >= end:
                    continue
                return _part(found, start, offset, most, is_last=file == _pieces(folder)[-1][1])
        except FileNotFoundError:  # it made room for newer pieces at this moment
            continue
    return LogPart("", offset, is_over=True)


def last(folder: Path, most: int = LAST_BYTES) -> str:
    """The end of a log; empty where there is none."""
    text = b""
    for _, file in reversed(_pieces(folder)):
        try:
            with file.open("rb") as found:
                size = found.seek(0, 2)
                found.seek(max(0, size - (most - len(text))))
                text = found.read() + text
        except FileNotFoundError:
            break
        if len(text) >= most:
            break
    return text.decode(errors="replace")


def _part(found: BinaryIO, start: int, offset: int, most: int, *, is_last: bool) -> LogPart:
    gap = max(0, start - offset)
    place = offset + gap
    found.seek(place - start)
    data = found.read(most)
    is_end = not found.read(1)
    text, used = _whole(data, is_end=is_end and not is_last)
    told = f"\n[... {gap:,} bytes are left out: the job printed more than is kept ...]\n" if gap else ""
    return LogPart(told + text, place + used, is_over=is_end and is_last)


def _whole(data: bytes, *, is_end: bool) -> tuple[str, int]:
    """The text without a character that was cut at the end, and how many bytes that are."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = decoder.decode(data, final=is_end)
    return text, len(data) - len(decoder.getstate()[0])


def _pieces(folder: Path) -> list[tuple[int, Path]]:
    """The pieces that there are, by where they begin."""
    found = [(int(file.name.split(".")[1]), file) for file in folder.glob("said.*.log")]
    head = folder / HEAD
    return sorted([(0, head), *found] if head.exists() else found)
