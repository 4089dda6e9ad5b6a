"""Compaction: a day's many small sealed files become few.

A finished day's files become one of level 2 (more where they are large or of several schemas); of a day that
is not over, every 32 become one of level 1. The merged file is written whole, then gets its name, which
follows from its sources' names; from then on its sources, which it names, do not count, and they are removed.
Dying in between leaves both, and the next compaction removes the sources first. To be run under the upkeep's
lock; sealing and reading may go on. A file that cannot be read stays as it is, and the others are merged; but
a day of which a merged file cannot be read is left alone: nobody knows which of the others it stands for.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from serving.prediction_log import layout
from serving.prediction_log.catalogue import SOURCES, UNREADABLE, OnBroken, refused, sources_of

TARGET_BYTES = 128 * 1024 * 1024
"""A merged file is made of at most so many bytes; a larger file stays as it is."""
ENOUGH = 32
"""So many files of a day that is not over are merged."""
_ROWS_AT_ONCE = 65_536


@dataclass(slots=True)
class _Group:
    schema: pa.Schema
    size_bytes: int = 0
    files: list[Path] = field(default_factory=list)


class _Damaged(Exception):  # noqa: N818 - an event: the others are merged without it
    """A file's rows cannot be read."""

    def __init__(self, path: Path, error: Exception) -> None:
        self.path, self.error = path, error


def compact(folder: Path, today: str, on_broken: OnBroken = refused) -> list[Path]:
    """Merge the files of every day that has enough of them, and give the merged files.

    Args:
        folder: The log's folder.
        today: The UTC day that is not over, `YYYY-MM-DD`.
        on_broken: Told of each file that cannot be read.

    Raises:
        OSError: The disk refuses; nothing is lost.
    """
    merged = []
    for day in layout.every_day_dir(folder):
        is_over = day.name.removeprefix("day=") < today
        merged += _compact_day(folder, day, on_broken, is_over=is_over)
    return merged


def _compact_day(folder: Path, day: Path, on_broken: OnBroken, *, is_over: bool) -> list[Path]:
    files = layout.sealed_files(day)
    found = _schemas(files, on_broken)
    if any(layout.level_of(path.name) and path not in found for path in files):
        return []
    schemas = _without_replaced(found)
    open_segments = {path.stem for path in layout.segments(layout.log_of(folder, day))}
    level = 2 if is_over else 1
    least = 2 if is_over else ENOUGH
    small = {
        path: schema
        for path, schema in schemas.items()
        if layout.level_of(path.name) < level and layout.segment_of(path.name) not in open_segments
    }
    return [path for group in _groups(small) for path in _merged(group, level, least, on_broken)]


def _schemas(files: Sequence[Path], on_broken: OnBroken) -> dict[Path, pa.Schema]:
    found = {}
    for path in files:
        try:
            found[path] = pq.read_schema(path)
        except UNREADABLE as error:
            on_broken(path, error)
    return found


def _without_replaced(schemas: dict[Path, pa.Schema]) -> dict[Path, pa.Schema]:
    """Finish what an earlier compaction left, and give the files that count."""
    replaced = {
        name for path, schema in schemas.items() if layout.level_of(path.name) for name in sources_of(schema)
    }
    for path in schemas:
        if path.name in replaced:
            path.unlink(missing_ok=True)
            layout.uploaded_mark(path).unlink(missing_ok=True)
    return {path: schema for path, schema in schemas.items() if path.name not in replaced}


def _groups(schemas: dict[Path, pa.Schema]) -> list[_Group]:
    """Files whose rows fit into one, up to the size that is wanted; in the order of their names."""
    groups: list[_Group] = []
    for path, whole in schemas.items():
        schema, size_bytes = whole.remove_metadata(), path.stat().st_size
        for group in groups:
            joined = _joined(group.schema, schema)
            if joined is not None and group.size_bytes + size_bytes <= TARGET_BYTES:
                group.schema = joined
                break
        else:
            group = _Group(schema)
            groups.append(group)
        group.size_bytes += size_bytes
        group.files.append(path)
    return groups


def _joined(one: pa.Schema, other: pa.Schema) -> pa.Schema | None:
    """The schema of both, if they differ only in columns that hold nothing yet; no value may change."""
    kind = _kind(pa.struct(list(one)), pa.struct(list(other)))
    return None if kind is None else pa.schema(list(kind))


def _kind(mine: pa.DataType, theirs: pa.DataType) -> pa.DataType | None:
    if mine == theirs or pa.types.is_null(theirs):
        return mine
    if pa.types.is_null(mine):
        return theirs
    if pa.types.is_struct(mine) and pa.types.is_struct(theirs):
        return _struct(mine, theirs)
    return None


def _struct(mine: pa.StructType, theirs: pa.StructType) -> pa.StructType | None:
    if [field.name for field in mine] != [field.name for field in theirs]:
        return None
    kinds = [_kind(one.type, other.type) for one, other in zip(mine, theirs, strict=True)]
    if None in kinds:
        return None
    return pa.struct([(field.name, kind) for field, kind in zip(mine, kinds, strict=True)])


def _merged(group: _Group, level: int, least: int, on_broken: OnBroken) -> Iterator[Path]:
    """Merge a group without the files whose rows turn out to be damaged."""
    while len(group.files) >= least:
        try:
            yield _merge(group, level)
        except _Damaged as damaged:
            on_broken(damaged.path, damaged.error)
            group.files.remove(damaged.path)
        else:
            return


def _merge(group: _Group, level: int) -> Path:
    names = [path.name for path in group.files]
    stands_for = [*names, *(name for path in group.files for name in sources_of(pq.read_schema(path)))]
    path = group.files[0].with_name(layout.merged_name(level, names))
    unfinished = layout.unfinished_name(path)
    schema = group.schema.with_metadata({SOURCES: json.dumps(stands_for).encode()})
    with pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
        for table in _tables(group.files, schema):
            writer.write_table(table)
    layout.publish(unfinished, path)
    for source in group.files:
        source.unlink(missing_ok=True)
        layout.uploaded_mark(source).unlink(missing_ok=True)
    return path


def _tables(files: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    rows = 0
    for path in files:
        for batch in _batches(path):
            held.append(batch)
            rows += batch.num_rows
            if rows >= _ROWS_AT_ONCE:
                yield _as(held, schema)
                held, rows = [], 0
    if held:
        yield _as(held, schema)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches(_ROWS_AT_ONCE)
        while True:
            try:
                batch = next(batches, None)
            except UNREADABLE as error:
                raise _Damaged(path, error) from error
            if batch is None:
                return
            yield batch


def _as(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([pa.Table.from_batches([batch]).cast(schema) for batch in batches])
