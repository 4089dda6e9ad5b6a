"""The whole lines of a segment, as records; what is no record is named.

Lines are parsed many at a time, as one JSON list, and checked column by column. Where anything about such a
chunk is odd, it is read again line by line, which tells what is wrong with which line.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Generic, TypeVar

import orjson

CHUNK_BYTES = 256 * 1024
"""Parsed at a time; with larger ones Python's collector of garbage takes longer than the parsing."""
T = TypeVar("T")


class RecordError(ValueError):
    """A line that is no record; the message says why."""


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that is no record.

    Attributes:
        segment: The segment's name.
        number: The line's number, from 1.
        reason: Why it is no record.
        data: Its bytes.
    """

    segment: str
    number: int
    reason: str
    data: bytes

    def __str__(self) -> str:
        return f"line {self.number} of segment '{self.segment}' {self.reason}"


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How the lines of one kind of segment are read.

    Attributes:
        one: Reads a line; raises RecordError with what is wrong.
        many: Reads parsed lines at once; None when any of them might be refused by `one`.
    """

    one: Callable[[bytes], T]
    many: Callable[[Sequence[object]], list[T] | None]


@dataclass(frozen=True, slots=True)
class Chunk(Generic[T]):
    """What some following lines hold, in the order of their writing."""

    found: list[T]
    broken: list[BrokenLine]


def read_chunks(
    file: BinaryIO, segment: str, form: Form[T], *, containing: bytes = b""
) -> Iterator[Chunk[T]]:
    """The lines of a segment, many at a time.

    A last line without its newline was never acknowledged: its writer died, or is writing it now.

    Args:
        file: The open segment.
        segment: Its name, for broken lines.
        form: How its lines are read.
        containing: Only lines with these bytes are read, and broken ones given.
    """
    first = 1
    while lines := file.readlines(CHUNK_BYTES):
        whole = lines if lines[-1].endswith(b"\n") else lines[:-1]
        wanted = [line for line in whole if containing in line] if containing else whole
        found = _at_once(wanted, form)
        if found is None:
            yield _one_by_one(lines, first, segment, form, containing)
        else:
            yield Chunk(found, _cut_short(lines[len(whole) :], first + len(whole), segment, containing))
        first += len(lines)


def _at_once(lines: Sequence[bytes], form: Form[T]) -> list[T] | None:
    try:
        parsed = orjson.loads(b"[" + b",".join(lines) + b"]")
    except orjson.JSONDecodeError:
        return None
    # A line that holds two values, or half of one, shows in the count.
    return form.many(parsed) if len(parsed) == len(lines) else None


def _cut_short(lines: Sequence[bytes], number: int, segment: str, containing: bytes) -> list[BrokenLine]:
    return [BrokenLine(segment, number, "is cut short", line) for line in lines if containing in line]


def _one_by_one(
    lines: Sequence[bytes], first: int, segment: str, form: Form[T], containing: bytes
) -> Chunk[T]:
    chunk: Chunk[T] = Chunk([], [])
    for number, line in enumerate(lines, start=first):
        if line == b"\n" or containing not in line:
            continue
        if not line.endswith(b"\n"):
            chunk.broken.append(BrokenLine(segment, number, "is cut short", line))
            continue
        try:
            chunk.found.append(form.one(line))
        except RecordError as error:
            chunk.broken.append(BrokenLine(segment, number, str(error), line))
    return chunk
