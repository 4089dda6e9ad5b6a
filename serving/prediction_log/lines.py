"""The whole lines of a segment, as records; what is no record is named."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from serving.prediction_log.record import Record, RecordError, decode


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


def read_lines(file: BinaryIO, segment: str, *, containing: bytes = b"") -> Iterator[Record | BrokenLine]:
    """The records of a segment, in the order of their writing.

    A last line without its newline was never acknowledged: its writer died, or is writing it now.

    Args:
        file: The open segment.
        segment: Its name, for broken lines.
        containing: Only lines with these bytes are decoded, and broken ones given.
    """
    for number, line in enumerate(file, start=1):
        if line == b"\n" or containing not in line:
            continue
        if not line.endswith(b"\n"):
            yield BrokenLine(segment, number, "is cut short", line)
            continue
        try:
            yield decode(line)
        except RecordError as error:
            yield BrokenLine(segment, number, str(error), line)
