"""Sealing: segments that nobody writes any more become Parquet files, by model and UTC day.

For each segment, under its lock: write the Parquet files under names that follow from the segment's, sync
them, then remove the segment. Dying at any step leaves the segment, and the next sealing does all again over
the same names; readers look at a sealed file only when its segment is gone.
"""

import fcntl
import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq

from serving.prediction_log import layout
from serving.prediction_log.lines import BrokenLine, read_lines
from serving.prediction_log.record import Record
from serving.prediction_log.tables import to_table

_logger = logging.getLogger(__name__)
ROWS_PER_PART = 20_000
"""Rows held in memory before they are written; a bound on memory, not on a file."""


@dataclass(slots=True)
class SealReport:
    """What a sealing did.

    Attributes:
        files: The Parquet files written.
        segments: How many segments were sealed.
        rows: How many predictions.
        broken: The lines that could not be read; they are kept in the log's folder `broken`.
    """

    files: list[Path] = field(default_factory=list)
    segments: int = 0
    rows: int = 0
    broken: list[BrokenLine] = field(default_factory=list)


def seal(folder: Path) -> list[Path]:
    """Seal every segment that no writer holds, and give the Parquet files written.

    Safe to run at any time, by several processes, and again after a crash.

    Raises:
        OSError: A file could not be written; its segment stays and is sealed next time.
    """
    return seal_segments(folder).files


def seal_segments(folder: Path) -> SealReport:
    """As `seal`, with an account of it."""
    report = SealReport()
    unfinished: defaultdict[str, list[Path]] = defaultdict(list)
    for path in layout.every_sealed_file(folder):
        unfinished[layout.segment_of(path)].append(path)
    for path in layout.segments(folder):
        with _held(path) as file:
            if file is not None:
                _seal_one(folder, path, file, unfinished[path.stem], report)
    for line in report.broken:
        _logger.warning("%s; it is skipped and kept in '%s'", line, layout.broken_dir(folder))
    return report


@contextmanager
def _held(path: Path) -> Iterator[BinaryIO | None]:
    try:
        file = path.open("rb")
    except FileNotFoundError:  # another process has just sealed it
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file if os.fstat(file.fileno()).st_nlink else None


def _seal_one(folder: Path, path: Path, file: BinaryIO, unfinished: list[Path], report: SealReport) -> None:
    for leftover in unfinished:
        leftover.unlink(missing_ok=True)
    parts = _Parts(folder, path.stem)
    broken: list[BrokenLine] = []
    for line in read_lines(file, path.stem):
        if isinstance(line, BrokenLine):
            broken.append(line)
        else:
            parts.add(line)
    parts.write()
    if broken:
        _keep_broken(folder, path, broken)
    for day in {written.parent for written in parts.files}:
        layout.sync_dir(day)
        layout.sync_dir(day.parent)
        layout.sync_dir(day.parent.parent)
    path.unlink()
    report.files += parts.files
    report.rows += parts.rows
    report.segments += 1
    report.broken += broken


def _keep_broken(folder: Path, path: Path, broken: Iterable[BrokenLine]) -> None:
    layout.broken_dir(folder).mkdir(parents=True, exist_ok=True)
    data = b"".join(line.data.removesuffix(b"\n") + b"\n" for line in broken)
    (layout.broken_dir(folder) / path.name).write_bytes(data)


class _Parts:
    """Gathers a segment's records by model, day and columns, and writes them when enough are there."""

    def __init__(self, folder: Path, segment: str) -> None:
        self.files: list[Path] = []
        self.rows = 0
        self._folder, self._segment = folder, segment
        self._groups: defaultdict[tuple[str, str, tuple[str, ...]], list[Record]] = defaultdict(list)
        self._held_rows = 0

    def add(self, record: Record) -> None:
        day = datetime.fromtimestamp(record.ts_s, UTC).strftime("%Y-%m-%d")
        self._groups[record.model, day, tuple(record.columns)].append(record)
        self._held_rows += len(record.rows)
        if self._held_rows >= ROWS_PER_PART:
            self.write()

    def write(self) -> None:
        for (model, day, _), records in self._groups.items():
            table = to_table(records)
            target = layout.day_dir(self._folder, model, day)
            target.mkdir(parents=True, exist_ok=True)
            name = layout.sealed_name(self._segment, len(self.files))
            unfinished = target / f".{name}.tmp"
            pq.write_table(table, unfinished, compression="zstd")
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            self.files.append(unfinished.replace(target / name))
            self.rows += table.num_rows
        self._groups.clear()
        self._held_rows = 0
