"""Where the log's files are.

    segments/<time>-<process>-<random>.jsonl                      open, or closed and waiting to be sealed
    sealed/model=<name>/day=<YYYY-MM-DD>/<segment>-<n>.parquet    by model and UTC day
    broken/<segment>.jsonl                                        lines that sealing could not read

A segment that is still in `segments` is read from there, and whatever sealed files bear its name are
unfinished work. Removing the segment is the one step that makes its sealed files count.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

SEGMENT_SUFFIX = ".jsonl"
SEALED_SUFFIX = ".parquet"
_LONGEST_NAME = 200  # file systems allow 255 bytes


def segments_dir(folder: Path) -> Path:
    """The folder of the segments that are not sealed."""
    return folder / "segments"


def broken_dir(folder: Path) -> Path:
    """The folder of the lines that could not be sealed."""
    return folder / "broken"


def model_dir(folder: Path, model: str) -> Path:
    """The folder of a model's sealed days; the name is quoted so that it is one folder on any file system."""
    quoted = quote(model, safe="")
    if len(quoted) > _LONGEST_NAME:
        quoted = f"{quoted[:150]}-{hashlib.sha256(model.encode()).hexdigest()[:16]}"
    return folder / "sealed" / f"model={quoted}"


def day_dir(folder: Path, model: str, day: str) -> Path:
    """The folder of one model's sealed files of one UTC day, `YYYY-MM-DD`."""
    return model_dir(folder, model) / f"day={day}"


def segments(folder: Path) -> list[Path]:
    """The segments that are not sealed, oldest first."""
    return sorted(segments_dir(folder).glob(f"*{SEGMENT_SUFFIX}"))


def sealed_days(folder: Path, model: str) -> list[tuple[str, Path]]:
    """A model's sealed days, newest first, as (`YYYY-MM-DD`, folder)."""
    days = model_dir(folder, model).glob("day=*")
    return sorted(((path.name.removeprefix("day="), path) for path in days), reverse=True)


def sealed_files(day: Path) -> list[Path]:
    """The sealed files of one day, finished or not, without those being written (leading dot)."""
    return sorted(path for path in day.glob(f"*{SEALED_SUFFIX}") if not path.name.startswith("."))


def sealed_name(segment: str, part: int) -> str:
    """The name of a segment's sealed file number `part`."""
    return f"{segment}-{part}{SEALED_SUFFIX}"


def segment_of(sealed: Path) -> str:
    """The name of the segment that a sealed file was made of."""
    return sealed.name.removesuffix(SEALED_SUFFIX).rpartition("-")[0]


def every_sealed_file(folder: Path) -> Iterator[Path]:
    """All models' sealed files, finished or not."""
    yield from (folder / "sealed").glob(f"model=*/day=*/[!.]*{SEALED_SUFFIX}")


def sync_dir(folder: Path) -> None:
    """Make the names in a folder as lasting as its files."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
