"""Where the files are: a file, a folder, a glob, a bucket, or several of these."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.bucket import fetch
from projects.ingest.bucket_store import SCHEME
from projects.ingest.kinds import SUFFIXES
from projects.ingest.publish import LINEAGE, LINES, ROWS, SCHEMA
from projects.ingest.raw import FoundFile, Skipped
from projects.ingest.unpack import reason_to_skip
from projects.ingest.workspace import Workspace

GLOB_MARKS = frozenset("*?[")
MOST_FILES = 100_000
MADE = frozenset((ROWS, LINES, SCHEMA, LINEAGE))


@dataclass(frozen=True)
class Found:
    """The files of a source, in the order of their names, and what was left out."""

    files: tuple[FoundFile, ...]
    skipped: tuple[Skipped, ...]


def find_files(place: str, work: Workspace) -> Found:
    """Find the files of one place.

    Raises:
        BadInput: There is nothing, or a folder holds no file of a table.
    """
    if not place.strip():
        raise BadInput(
            "name the data: a file, a folder, a glob, s3://bucket/prefix, sklearn:NAME, or a database's URL"
        )
    if place.startswith(SCHEME):
        return _sorted(fetch(place, work))
    return local_files(place)


def local_files(place: str) -> Found:
    """Find the files of one place on this machine's disks.

    Raises:
        BadInput: There is nothing, or a folder holds no file of a table.
    """
    path = Path(place.removeprefix("file://")).expanduser()
    if path.is_dir():
        return _folder(path, place)
    if path.exists():
        return Found((FoundFile(path, place),), ())
    if GLOB_MARKS & set(place):
        return _glob(path, place)
    raise BadInput(f"there is no file '{place}'{_where(path)}; {_siblings(path)}")


def _folder(folder: Path, place: str) -> Found:
    found = _sorted(_entries(folder))
    if not found.files:
        reasons = "; ".join(f"{skipped.shown}: {skipped.reason}" for skipped in found.skipped[:5])
        what = f"holds no table ({reasons})" if reasons else "is empty"
        raise BadInput(f"the folder '{place}' {what}; put CSV, Excel, JSON, Parquet or SAS files in it")
    return found


def _entries(folder: Path) -> Iterator[FoundFile | Skipped]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        if set(files) >= MADE:
            yield Skipped(
                str(Path(root).relative_to(folder)), "it holds the clean rows of an earlier ingestion"
            )
            continue
        for name in files:
            path = Path(root) / name
            yield from _entry(path, path.relative_to(folder))


def _entry(path: Path, inside: Path) -> Iterator[FoundFile | Skipped]:
    reason = reason_to_skip(inside)
    if not path.is_file():
        yield Skipped(str(inside), "it is no file")
    elif reason:
        yield Skipped(str(inside), reason)
    elif reason is None and not os.access(path, os.R_OK):
        yield Skipped(str(inside), "this user may not read it")
    elif reason is None:
        yield FoundFile(path, str(inside), is_named=False)


def _glob(path: Path, place: str) -> Found:
    root = Path(path.anchor) if path.is_absolute() else Path()
    pattern = str(path.relative_to(root)) if path.is_absolute() else str(path)
    try:
        hits = [hit for hit in root.glob(pattern) if hit.is_file()]
    except (ValueError, NotImplementedError) as error:
        raise BadInput(f"'{place}' is no glob that can be used; {error}") from error
    if not hits:
        raise BadInput(f"no file matches '{place}'{_where(path)}")
    return _sorted(FoundFile(hit, str(hit), is_named=False) for hit in hits)


def _sorted(entries: "Iterator[FoundFile | Skipped]") -> Found:
    files: list[FoundFile] = []
    skipped: list[Skipped] = []
    for entry in entries:
        if isinstance(entry, Skipped):
            skipped.append(entry)
        else:
            files.append(entry)
        if len(files) > MOST_FILES:
            raise BadInput(f"there are more than {MOST_FILES:,} files; name a folder with fewer")
    files.sort(key=lambda file: file.shown)
    return Found(tuple(files), tuple(sorted(skipped, key=lambda entry: entry.shown)))


def _where(path: Path) -> str:
    return "" if path.is_absolute() else f" in {Path.cwd()}"


def _siblings(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder '{folder}' either"
    names = sorted(
        entry.name for entry in folder.iterdir() if set(entry.suffixes) & SUFFIXES or entry.is_dir()
    )
    return did_you_mean(path.name, names) if names else f"'{folder}' holds no table"
