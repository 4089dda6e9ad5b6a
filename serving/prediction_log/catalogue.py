"""Which sealed files count, in the folder and in the bucket, while others seal, merge, upload and prune.

Files give way only to files that are there already: a segment to its sealed files, those to a merged file of
level 1, these to one of level 2, a local file to its copy in the bucket. So whoever looks in this order meets
each row at least once; and as a merged file names its sources, what is met twice is known and left out.
Where something vanished between the look and the reading, or a merged file holds what was read from its
segment, `Moved` says so, and the reader begins again.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from serving.prediction_log import layout
from serving.prediction_log.bucket import Bucket

_logger = logging.getLogger(__name__)
SOURCES = b"penstock.sources"
UNREADABLE = (pa.ArrowException, OSError, ValueError, KeyError)
"""What reading a damaged file raises."""
OnBroken = Callable[[Path, Exception], None]
"""Is told of a file of the folder that cannot be read, and why."""


def refused(_path: Path, error: Exception) -> None:
    """For who wants all files to be whole.

    Raises:
        Exception: What reading the file has raised.
    """
    raise error


class Moved(Exception):  # noqa: N818 - an event: the reader begins again
    """The files have changed while they were read."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed file, in the folder or in the bucket.

    Attributes:
        name: Its name without folders.
        source: Its path, or its name in the bucket.
        bucket: Where it is, if not in the folder.
    """

    name: str
    source: Path | str
    bucket: Bucket | None = None

    def read(self, **options: Any) -> pa.Table:
        """Its rows; `options` are those of `pyarrow.parquet.read_table`.

        Raises:
            Moved: It is gone.
        """
        return self._opened(lambda opened: pq.read_table(opened, partitioning=None, **options))

    def open(self) -> pq.ParquetFile:
        """The open file, which stays readable if it gives way to another.

        Raises:
            Moved: It is gone.
        """
        # Buffering ahead would hold the whole of a local file by the time its last rows are read.
        return self._opened(lambda opened: pq.ParquetFile(opened, pre_buffer=self.bucket is not None))

    def sources(self) -> list[str]:
        """The names of all files that it stands for, also of those that its sources stood for."""
        schema = self._opened(pq.read_schema)
        return sources_of(schema)

    def _opened(self, use: Callable[[Any], Any]) -> Any:
        try:
            return use(self.source if self.bucket is None else self.bucket.open(str(self.source)))
        except FileNotFoundError as error:
            raise Moved(self.name) from error


def readable(files: Iterable[Sealed], **options: Any) -> Iterator[pa.Table]:
    """The rows of each file that is not damaged; `options` are those of `pyarrow.parquet.read_table`.

    Raises:
        Moved: One is gone.
        OSError: The bucket does not give one.
    """
    for file in files:
        try:
            yield file.read(**options)
        except UNREADABLE as error:
            if file.bucket is not None and isinstance(error, OSError):
                raise
            pass_over(file, error)


def pass_over(file: Sealed, error: Exception) -> None:
    """Say that a file is damaged."""
    why = str(error).partition("\n")[0][:200]
    _logger.warning("'%s' of the prediction log cannot be read and is passed over: %s", file.source, why)


def sources_of(schema: pa.Schema) -> list[str]:
    """The names that a merged file's schema bears; none in another file."""
    names: list[str] = json.loads((schema.metadata or {}).get(SOURCES, b"[]"))
    return names


def days(
    folder: Path,
    above: Path,
    *,
    bucket: Bucket | None,
    is_wanted: Callable[[str], bool],
    live: AbstractSet[str],
    on_broken: Callable[[Sealed, Exception], None] | None = None,
) -> Iterator[tuple[str, list[Sealed]]]:
    """The sealed files that count, by day, newest day first.

    Args:
        folder: The log's folder.
        above: The folder of the days.
        bucket: The log's copy, for what is not in the folder any more.
        is_wanted: Whether a day, `YYYY-MM-DD`, is wanted.
        live: The segments that were read before; their sealed files do not count.
        on_broken: Told of a merged file that cannot be read, which is then left out; without it, it raises.

    Raises:
        Moved: A merged file holds rows of live segments.
    """
    found: defaultdict[str, dict[str, Sealed]] = defaultdict(dict)
    for day, path in layout.day_dirs(above):
        if is_wanted(day):
            found[day] |= {file.name: Sealed(file.name, file) for file in layout.sealed_files(path)}
    if bucket is not None:
        for key in bucket.names(f"{above.relative_to(folder).as_posix()}/day="):
            head, _, name = key.rpartition("/")
            day = head.rpartition("day=")[2]
            if is_wanted(day):
                found[day].setdefault(name, Sealed(name, key, bucket))
    for day in sorted(found, reverse=True):
        yield day, _counting(found[day].values(), live, on_broken)


def _counting(
    files: Iterable[Sealed],
    live: AbstractSet[str],
    on_broken: Callable[[Sealed, Exception], None] | None,
) -> list[Sealed]:
    by_level = sorted(files, key=lambda file: (layout.level_of(file.name), file.name))
    replaced: set[str] = set()
    counting = []
    for file in reversed(by_level):
        if file.name in replaced:
            continue
        if layout.level_of(file.name):
            try:
                names = file.sources()
            except UNREADABLE as error:
                if on_broken is None:
                    raise
                on_broken(file, error)
                continue
            if not live.isdisjoint(map(layout.segment_of, names)):
                raise Moved(file.name)
            replaced.update(names)
        elif layout.segment_of(file.name) in live:
            continue
        counting.append(file)
    return counting[::-1]
