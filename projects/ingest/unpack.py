"""Packed files made plain: one stream, or the members of a zip; never more than a bound."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from projects.ingest.kinds import SUFFIXES
from projects.ingest.raw import FoundFile, Skipped, Unreadable
from projects.ingest.workspace import Workspace

BLOCK_BYTES = 1 << 20
FREE_RATIO_BYTES = 1 << 30
"""Below this an archive may unpack to any multiple of its size."""
LARGEST_RATIO = 250
"""Tables pack to a hundredth at best; beyond this a file is a bomb."""
MOST_MEMBERS = 10_000
BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
)
"""What unpacking may raise: broken, cut, encrypted, or of a method that is not known."""


def _zstd(path: Path) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")


OPENERS: dict[str, Callable[[Path], Any]] = {
    "gzip": gzip.open,
    "bzip2": bz2.open,
    "xz": lzma.open,
    "zstd": _zstd,
}


def unpack_stream(file: FoundFile, kind: str, work: Workspace) -> FoundFile:
    """Unpack a file of one stream.

    Raises:
        Unreadable: It is broken, cut short, or grows beyond the bound.
    """
    target = work.new_path(Path(inner_name(file.shown)).suffix)
    with readable(file, kind), OPENERS[kind](file.path) as stream:
        _copy(stream, target, _bound(file.path, work), file)
    return FoundFile(target, inner_name(file.shown), file.is_named)


def inner_name(shown: str) -> str:
    """Name what is in a packed file: `a.csv.gz` holds `a.csv`."""
    return shown[: -len(Path(shown).suffix)] if Path(shown).suffix.lower() in PACKING_SUFFIXES else shown


PACKING_SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".gzip", ".tgz")


def members(file: FoundFile, work: Workspace) -> Iterator[FoundFile | Skipped]:
    """Unpack the members of a zip one by one; those that are no tables come back with the reason.

    Raises:
        Unreadable: It is broken, encrypted, or its members grow beyond the bound.
    """
    left = _bound(file.path, work)
    with readable(file, "zip"), zipfile.ZipFile(file.path) as archive:
        entries = sorted((entry for entry in archive.infolist() if not entry.is_dir()), key=_by_name)
        if len(entries) > MOST_MEMBERS:
            raise Unreadable(
                f"'{file.shown}' holds {len(entries):,} files; at most {MOST_MEMBERS:,} are read"
            )
        for entry in entries:
            shown = f"{file.shown}!{entry.filename}"
            if (reason := reason_to_skip(Path(entry.filename))) is not None:
                if reason:
                    yield Skipped(shown, reason)
                continue
            target = work.new_path(Path(entry.filename).suffix)
            with archive.open(entry) as stream:
                left -= _copy(stream, target, left, file)
            yield FoundFile(target, shown, is_named=False)


def reason_to_skip(path: Path) -> str | None:
    """Tell why a file of a folder is no table: empty for what is not worth a word, None if it may be one."""
    if any(part.startswith(".") or part == "__MACOSX" for part in path.parts if part not in {".", ".."}):
        return ""
    if path.suffix and path.suffix.lower() not in SUFFIXES:
        return f"'{path.suffix}' is no format of tables"
    return None


def _by_name(entry: zipfile.ZipInfo) -> str:
    return entry.filename


def _bound(path: Path, work: Workspace) -> int:
    return min(max(FREE_RATIO_BYTES, LARGEST_RATIO * path.stat().st_size), work.room())


def _copy(stream: IO[bytes], target: Path, most: int, file: FoundFile) -> int:
    size = 0
    with target.open("wb") as out:
        while block := stream.read(BLOCK_BYTES):
            size += len(block)
            if size > most:
                target.unlink()
                raise Unreadable(
                    f"'{file.shown}' unpacks to more than {most / 1e6:,.0f} MB, which is too much for its"
                    " size or for this disk; unpack it yourself and name what is in it"
                )
            out.write(block)
    return size


@contextmanager
def readable(file: FoundFile, kind: str) -> Iterator[None]:
    """Tell what a packing raises as what is wrong with the file.

    Raises:
        Unreadable: It is broken, cut short or encrypted.
    """
    try:
        yield
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        why = (
            "it is encrypted" if "encrypted" in str(error) else str(error).rstrip(".") or "it ends too early"
        )
        raise Unreadable(f"'{file.shown}' is a broken {kind} file ({why}); fetch or pack it again") from error
