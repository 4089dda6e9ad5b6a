"""Where the log's files are.

    segments/<time>-<process>-<random>.jsonl                      open, or closed and waiting to be sealed
    sealed/model=<name>/day=<YYYY-MM-DD>/<segment>-<n>.parquet    by model and UTC day
    sealed/model=<name>/day=<YYYY-MM-DD>/merged-<level>-<digest>.parquet    several of them as one
    broken/<segment>.jsonl                                        lines that sealing could not read
    outcomes/segments, outcomes/sealed/day=<YYYY-MM-DD>, ...      the same of outcomes, by day of arrival

A segment that is still in `segments` is read from there, and whatever sealed files bear its name are
unfinished work. Removing the segment is the one step that makes its sealed files count. A merged file counts
as soon as it is there, and the files that it names as its sources do not count any more.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

SEGMENT_SUFFIX = ".jsonl"
SEALED_SUFFIX = ".parquet"
MERGED_PREFIX = "merged-"
LEVELS = 2
"""Merged files are of level 1 (some of a day's) or 2 (a finished day's)."""
_LONGEST_NAME = 200  # file systems allow 255 bytes


def segments_dir(folder: Path) -> Path:
    """The folder of the segments that are not sealed."""
    return folder / "segments"


def broken_dir(folder: Path) -> Path:
    """The folder of the lines that could not be sealed."""
    return folder / "broken"


def outcomes_dir(folder: Path) -> Path:
    """The folder of what became of predictions, a log of its own in the log's folder."""
    return folder / "outcomes"


def model_dir(folder: Path, model: str) -> Path:
    """The folder of a model's sealed days; the name is quoted so that it is one folder on any file system."""
    quoted = quote(model, safe="")
    if len(quoted) > _LONGEST_NAME:
        quoted = f"{quoted[:150]}-{hashlib.sha256(model.encode()).hexdigest()[:16]}"
    return folder / "sealed" / f"model={quoted}"


def day_dir(folder: Path, model: str, day: str) -> Path:
    """The folder of one model's sealed files of one UTC day, `YYYY-MM-DD`."""
    return model_dir(folder, model) / f"day={day}"


def outcome_day_dir(folder: Path, day: str) -> Path:
    """The folder of the outcomes that came on one UTC day."""
    return outcomes_dir(folder) / "sealed" / f"day={day}"


def segments(folder: Path) -> list[Path]:
    """The segments that are not sealed, oldest first."""
    return sorted(segments_dir(folder).glob(f"*{SEGMENT_SUFFIX}"))


def day_dirs(above: Path) -> list[tuple[str, Path]]:
    """The days in a folder, newest first, as (`YYYY-MM-DD`, folder)."""
    return sorted(((path.name.removeprefix("day="), path) for path in above.glob("day=*")), reverse=True)


def sealed_days(folder: Path, model: str) -> list[tuple[str, Path]]:
    """A model's sealed days, newest first, as (`YYYY-MM-DD`, folder)."""
    return day_dirs(model_dir(folder, model))


def every_day_dir(folder: Path) -> list[Path]:
    """The folders of all days: of all models' predictions, and of outcomes."""
    found = [*(folder / "sealed").glob("model=*/day=*"), *(outcomes_dir(folder) / "sealed").glob("day=*")]
    return sorted(found)


def model_name(day: Path) -> str | None:
    """The name of the model's folder that a day's folder is in; None for outcomes."""
    return day.parent.name if day.parent.name.startswith("model=") else None


def log_of(folder: Path, day: Path) -> Path:
    """The log that a day's folder belongs to: the predictions' or the outcomes'."""
    return folder if model_name(day) else outcomes_dir(folder)


def sealed_files(day: Path) -> list[Path]:
    """The files of one day, finished or not, without those being written (leading dot), by their level.

    Each level is listed by itself, lower ones first: a file that gives way while this runs is then met, or
    the one that it gave way to.
    """
    found = []
    for pattern in ("[0-9]*", *(f"{MERGED_PREFIX}{level}-*" for level in range(1, LEVELS + 1))):
        found += sorted(day.glob(f"{pattern}{SEALED_SUFFIX}"))
    return found


def sealed_name(segment: str, part: int) -> str:
    """The name of a segment's sealed file number `part`."""
    return f"{segment}-{part}{SEALED_SUFFIX}"


def merged_name(level: int, sources: list[str]) -> str:
    """The name of the file that takes the place of others; the same whenever it is made of the same ones."""
    digest = hashlib.sha256("\n".join(sources).encode()).hexdigest()[:24]
    return f"{MERGED_PREFIX}{level}-{digest}{SEALED_SUFFIX}"


def level_of(name: str) -> int:
    """0 for a segment's sealed file, else the merged file's level."""
    return int(name.removeprefix(MERGED_PREFIX).partition("-")[0]) if name.startswith(MERGED_PREFIX) else 0


def segment_of(name: str) -> str:
    """The name of the segment that a sealed file was made of."""
    return name.removesuffix(SEALED_SUFFIX).rpartition("-")[0]


def every_sealed_file(folder: Path) -> Iterator[Path]:
    """The files of all days, merged ones left out, finished or not; without those of outcomes."""
    for pattern in ("model=*/day=*", "day=*"):
        yield from (folder / "sealed").glob(f"{pattern}/[0-9]*{SEALED_SUFFIX}")


def unfinished_name(path: Path) -> Path:
    """Where a file is written before it gets its name."""
    return path.with_name(f".{path.name}.tmp")


def sync_dir(folder: Path) -> None:
    """Make the names in a folder as lasting as its files."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(unfinished: Path, path: Path) -> None:
    """Give a written file its name, so that it is there whole or not at all, also after a power cut."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_dir(path.parent)


def uploaded_mark(path: Path) -> Path:
    """The file that says where a sealed file has been uploaded to."""
    return path.with_name(f".{path.name}.uploaded")
