"""Sealing: segments that nobody writes any more become Parquet files, by model and UTC day.

For each segment, under its lock: write the Parquet files under names that follow from the segment's, sync
them, then remove the segment. Dying at any step leaves the segment, and the next sealing does all again over
the same names; readers look at a sealed file only when its segment is gone.
"""

import fcntl
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from serving.prediction_log import layout, outcomes, record, tables
from serving.prediction_log.lines import BrokenLine, Form, read_chunks
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.record import Record

_logger = logging.getLogger(__name__)
T = TypeVar("T")
ROWS_PER_PART = 20_000
"""Rows held in memory before they are written; a bound on memory, not on a file."""
_DAY_S = 86_400


@dataclass(slots=True)
class SealReport:
    """What a sealing did.

    Attributes:
        files: The Parquet files written.
        segments: How many segments were sealed.
        rows: How many predictions, or outcomes.
        broken: The lines that could not be read; they are kept in the log's folder `broken`.
    """

    files: list[Path] = field(default_factory=list)
    segments: int = 0
    rows: int = 0
    broken: list[BrokenLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """What is sealed, and how it is put into files.

    Attributes:
        form: How the lines are read.
        group: What must be the same for records of one file; model and day first.
        day_dir: The folder of such a group.
        rows: How many rows a record makes.
        table: The rows of records of one group.
    """

    form: Form[T]
    group: Callable[[T], Hashable]
    day_dir: Callable[[Path, Any], Path]
    rows: Callable[[T], int]
    table: Callable[[list[T]], pa.Table]


PREDICTIONS: Kind[Record] = Kind(
    record.FORM,
    lambda record: (record.model, record.ts_s // _DAY_S, record.columns),
    lambda folder, group: layout.day_dir(folder, group[0], day_name(group[1])),
    lambda record: len(record.rows),
    tables.to_table,
)
OUTCOMES: Kind[Outcome] = Kind(
    outcomes.FORM,
    lambda outcome: outcome.received_s // _DAY_S,
    lambda folder, day: folder / "sealed" / f"day={day_name(day)}",
    lambda _: 1,
    outcomes.to_table,
)


def seal(folder: Path) -> list[Path]:
    """Seal every segment that no writer holds, and give the Parquet files written.

    Safe to run at any time, by several processes, and again after a crash.

    Raises:
        OSError: A file could not be written; its segment stays and is sealed next time.
    """
    return seal_segments(folder).files


def seal_segments(folder: Path) -> SealReport:
    """As `seal`, with an account of it."""
    return _seal_all(folder, PREDICTIONS)


def seal_outcomes(folder: Path) -> SealReport:
    """Seal the outcomes' segments; as `seal`, with an account of it."""
    return _seal_all(layout.outcomes_dir(folder), OUTCOMES)


def day_name(day: float) -> str:
    """`YYYY-MM-DD` of a number of days since 1970."""
    return datetime.fromtimestamp(day * _DAY_S, UTC).strftime("%Y-%m-%d")


def _seal_all(folder: Path, kind: Kind[Any]) -> SealReport:
    report = SealReport()
    unfinished: defaultdict[str, list[Path]] = defaultdict(list)
    for path in layout.every_sealed_file(folder):
        unfinished[layout.segment_of(path.name)].append(path)
    for path in layout.segments(folder):
        with _held(path) as file:
            if file is not None:
                _remove(unfinished[path.stem])
                _seal_one(folder, path, file, report, kind)
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


def _remove(leftovers: list[Path]) -> None:
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)


def _seal_one(folder: Path, path: Path, file: BinaryIO, report: SealReport, kind: Kind[Any]) -> None:
    parts = _Parts(folder, path.stem, kind)
    broken: list[BrokenLine] = []
    for chunk in read_chunks(file, path.stem, kind.form):
        broken += chunk.broken
        for found in chunk.found:
            parts.add(found)
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


class _Parts(Generic[T]):
    """Gathers a segment's records by what must be the same in a file; writes them when enough are there."""

    def __init__(self, folder: Path, segment: str, kind: Kind[T]) -> None:
        self.files: list[Path] = []
        self.rows = 0
        self._folder, self._segment, self._kind = folder, segment, kind
        self._groups: defaultdict[Hashable, list[T]] = defaultdict(list)
        self._held_rows = 0

    def add(self, found: T) -> None:
        self._groups[self._kind.group(found)].append(found)
        self._held_rows += self._kind.rows(found)
        if self._held_rows >= ROWS_PER_PART:
            self.write()

    def write(self) -> None:
        for group, found in self._groups.items():
            table = self._kind.table(found)
            target = self._kind.day_dir(self._folder, group)
            target.mkdir(parents=True, exist_ok=True)
            name = layout.sealed_name(self._segment, len(self.files))
            unfinished = layout.unfinished_name(target / name)
            pq.write_table(table, unfinished, compression="zstd")
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            self.files.append(unfinished.replace(target / name))
            self.rows += table.num_rows
        self._groups.clear()
        self._held_rows = 0
