"""Upload: every sealed file goes to the bucket, oldest first; a mark beside the file says that it is there.

A file is marked only after the bucket has confirmed its size and digest. Dying before the mark leaves the
file to be looked for in the bucket first, and sent again if it is not there whole. A merged file's sources
are removed from the bucket once the merged file is there. While the bucket is away everything waits. A file
that cannot be read waits, too, as its sources may lie in the bucket whole; the others do not wait for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from serving.prediction_log import layout
from serving.prediction_log.bucket import Bucket, BucketError, sha256_of
from serving.prediction_log.catalogue import UNREADABLE, OnBroken, sources_of


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits to be uploaded.

    Attributes:
        files: How many sealed files.
        size_bytes: Their bytes.
        oldest_s: When the oldest was sealed, in seconds since 1970; None if nothing waits.
        problem: Why they wait, as a sentence; None if nothing is wrong.
    """

    files: int = 0
    size_bytes: int = 0
    oldest_s: float | None = None
    problem: str | None = None


def upload(folder: Path, bucket: Bucket, on_broken: OnBroken) -> tuple[int, Backlog]:
    """Upload what is not there yet; stop at the first refusal, as the next would be refused, too.

    Args:
        folder: The log's folder.
        bucket: Where its copy goes.
        on_broken: Told of each file that cannot be read.

    Returns:
        How many files were uploaded, and what still waits.
    """
    broken, done = list[Path](), 0
    waiting = waiting_files(folder, bucket)
    for number, path in enumerate(waiting):
        try:
            sources = sources_of(pq.read_schema(path))
        except UNREADABLE as error:
            on_broken(path, error)
            broken.append(path)
            continue
        try:
            _upload(folder, path, bucket, sources)
        except BucketError as error:
            return done, _backlog([*broken, *waiting[number:]], str(error))
        done += 1
    return done, _backlog(broken, None)


def waiting_files(folder: Path, bucket: Bucket) -> list[Path]:
    """The sealed files that bear no mark of this bucket, oldest day first."""
    found = []
    for day in layout.every_day_dir(folder):
        files = layout.sealed_files(day)
        open_segments = {path.stem for path in layout.segments(layout.log_of(folder, day))}
        found += [
            path
            for path in files
            if layout.segment_of(path.name) not in open_segments and not is_uploaded(path, bucket)
        ]
    return sorted(found, key=lambda path: (path.parent.name, path.name))


def is_uploaded(path: Path, bucket: Bucket) -> bool:
    """Whether a file bears the mark of a bucket."""
    try:
        return layout.uploaded_mark(path).read_text() == bucket.uri
    except FileNotFoundError:
        return False


def _upload(folder: Path, path: Path, bucket: Bucket, sources: Sequence[str]) -> None:
    name = path.relative_to(folder).as_posix()
    sha256 = sha256_of(path)
    if not bucket.holds(name, path.stat().st_size, sha256):
        bucket.put(path, name, sha256)
    if sources:
        above = name.rpartition("/")[0]
        bucket.remove(f"{above}/{source}" for source in sources)
    mark = layout.uploaded_mark(path)
    unfinished = layout.unfinished_name(mark)
    unfinished.write_text(bucket.uri)
    layout.publish(unfinished, mark)


def _backlog(waiting: Sequence[Path], problem: str | None) -> Backlog:
    stats = [path.stat() for path in waiting]
    oldest_s = min((stat.st_mtime for stat in stats), default=None)
    return Backlog(len(stats), sum(stat.st_size for stat in stats), oldest_s, problem)
