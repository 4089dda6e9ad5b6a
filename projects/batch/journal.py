"""What a batch has answered so far, beside its output: a run that was killed answers no row twice.

The file holds one frame a batch, in order: how long it is, a checksum, a digest of the input rows, then the
answers as an Arrow stream. The first frame says which version answered. A frame that a kill cut short is
forgotten with all behind it; answers are taken again only for rows of the same digest. The file is held by a
lock while its run lives.
"""

import fcntl
import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from projects.errors import BadInput

HEAD = struct.Struct("<QLL")
"""A frame's head: the length of its body in bytes, the body's CRC-32, and the CRC-32 of the input rows."""


@dataclass(frozen=True)
class Saved:
    """What is kept of a batch: the digest of its rows, and the answers to them."""

    digest: int
    answers: pa.RecordBatch


@dataclass(frozen=True)
class _Frame:
    start: int
    length: int
    checksum: int
    digest: int


class Journal:
    """The frames of one file, which the caller has opened and locked.

    Args:
        file: Opened for reading and writing.
        author: What answers: if the file was begun by another, it begins anew.
    """

    def __init__(self, file: BinaryIO, author: Mapping[str, str]) -> None:
        self._file = file
        self._frames = list(_frames(file))
        described = json.dumps(dict(author), sort_keys=True).encode()
        if not self._frames or self._body(self._frames[0]) != described:
            self._frames = []
            self._append(described, 0)

    @property
    def batches(self) -> int:
        """How many batches are answered."""
        return len(self._frames) - 1

    def at(self, number: int) -> Saved | None:
        """Return what is kept in the place of a batch, from any thread."""
        frames = self._frames
        if number + 1 >= len(frames):
            return None
        body = self._body(frames[number + 1])
        return None if body is None else Saved(frames[number + 1].digest, _answers(body))

    def keep(self, number: int, digest: int, answers: pa.RecordBatch) -> None:
        """Keep the answers to a batch, unless they are kept; called in the order of the batches."""
        if number + 1 < len(self._frames) and self._frames[number + 1].digest == digest:
            return
        self._frames = self._frames[: number + 1]
        stream = pa.BufferOutputStream()
        with pa.ipc.new_stream(stream, answers.schema) as writer:
            writer.write_batch(answers)
        self._append(stream.getvalue().to_pybytes(), digest)

    def _append(self, body: bytes, digest: int) -> None:
        start = self._frames[-1].start + self._frames[-1].length if self._frames else 0
        frame = _Frame(start + HEAD.size, len(body), zlib.crc32(body), digest)
        self._file.seek(start)
        self._file.truncate()
        self._file.write(HEAD.pack(frame.length, frame.checksum, digest) + body)
        self._file.flush()
        self._frames = [*self._frames, frame]

    def _body(self, frame: _Frame) -> bytes | None:
        body = os.pread(self._file.fileno(), frame.length, frame.start)
        return body if zlib.crc32(body) == frame.checksum and len(body) == frame.length else None


@contextmanager
def open_journal(output: Path, author: Mapping[str, str]) -> Iterator[Journal]:
    """Open the journal of an output; it goes when the work inside is done, and stays if that fails.

    Raises:
        BadInput: Another run writes the same output.
    """
    path = output.with_name(f".{output.name}.progress")
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(
                f"another run is writing '{output}'; wait until it ends, or name another output"
            ) from error
        is_worth_keeping = True
        try:
            journal = Journal(file, author)
            yield journal
            is_worth_keeping = False
        except BaseException:
            is_worth_keeping = journal.batches > 0
            raise
        finally:
            if not is_worth_keeping:
                path.unlink(missing_ok=True)


def digest_of(batch: pa.RecordBatch) -> int:
    """Return a checksum of rows, the same however they were cut out of longer batches."""
    whole = batch.take(pa.array(range(batch.num_rows), pa.int64()))
    return zlib.crc32(whole.serialize())


def _answers(body: bytes) -> pa.RecordBatch:
    return next(iter(pa.ipc.open_stream(body)))


def _frames(file: BinaryIO) -> Iterator[_Frame]:
    """Read the frames that are whole."""
    size, start = os.fstat(file.fileno()).st_size, 0
    while start + HEAD.size <= size:
        length, checksum, digest = HEAD.unpack(os.pread(file.fileno(), HEAD.size, start))
        frame = _Frame(start + HEAD.size, length, checksum, digest)
        start = frame.start + length
        if start > size:
            return
        yield frame
