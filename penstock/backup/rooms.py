"""Where files lie that a back-up reads or writes: a folder, or a prefix of a bucket."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Protocol

from penstock.problems import BadRequest
from serving.prediction_log.bucket import Bucket

PARTIAL = ".penstock-part"
"""What a file's name ends with until it is whole."""
_COPY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A file.

    Attributes:
        path: Its name below the room, with slashes.
        size_bytes: What it takes.
        stamp: What is another text when its content is another.
        modified_s: When it was last written, in seconds since 1970.
    """

    path: str
    size_bytes: int
    stamp: str
    modified_s: float


class Room(Protocol):
    """A place of files. Every method raises OSError where the place refuses."""

    place: str

    def entries(self, under: str = "") -> Iterator[Entry]:
        """The files whose names begin so, in no order; those that vanish meanwhile may be left out."""
        ...

    def fetch(self, path: str, to: Path) -> None:
        """Copy a file out; FileNotFoundError where it is gone."""
        ...

    def pieces(self, path: str) -> Iterator[bytes]:
        """Read a file, which takes no room of its own; FileNotFoundError where it is gone."""
        ...

    def put(self, path: str, source: Path, sha256: str) -> None:
        """Bring a file in, whole or not at all; the source may be taken away."""
        ...

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files; those that are not there are passed over."""
        ...

    def scratch(self) -> AbstractContextManager[Path]:
        """A folder for what is about to be put, which is gone afterwards."""
        ...


def room_at(place: str, encryption: str = "", *, is_private: bool = False) -> Room:
    """The room at a folder or at `s3://bucket/prefix`.

    Args:
        place: Where.
        encryption: The setting `s3_encryption`, for a bucket.
        is_private: Whether a folder's files are for the system's user alone.

    Raises:
        BadRequest: It is neither.
    """
    if place.startswith("s3://") and place.removeprefix("s3://").strip("/"):
        return BucketRoom(place, encryption)
    if "://" in place or not place.strip():
        raise BadRequest(f"a place is a folder or s3://bucket/prefix, not '{place}'")
    return FolderRoom(Path(place), is_private=is_private)


class FolderRoom:
    """A folder.

    Args:
        folder: Which; it need not be there.
        only: Nothing but these files and folders in it belongs to the room; empty: all.
        is_private: Whether what comes is for the system's user alone.
    """

    def __init__(self, folder: Path, *, only: Sequence[str] = (), is_private: bool = False) -> None:
        self.folder, self.place = folder, str(folder)
        self._only, self._is_private = only or ("",), is_private

    def entries(self, under: str = "") -> Iterator[Entry]:
        """The files below it; links and unfinished files are none."""
        for start in [under] if under else self._only:
            for path in _files(self.folder / start):
                try:
                    found = path.lstat()
                except FileNotFoundError:
                    continue
                if S_ISREG(found.st_mode):
                    stamp = f"{found.st_size}:{found.st_mtime_ns}:{found.st_ino}"
                    name = path.relative_to(self.folder).as_posix()
                    yield Entry(name, found.st_size, stamp, found.st_mtime)

    def fetch(self, path: str, to: Path) -> None:
        """Copy a file out.

        Raises:
            FileNotFoundError: It is gone.
            BadRequest: A symbolic link leads out of the folder.
        """
        self._refuse_outside(path, self.folder / path)
        shutil.copyfile(self.folder / path, to)

    def pieces(self, path: str) -> Iterator[bytes]:
        """Read a file; raises as `fetch` does."""
        self._refuse_outside(path, self.folder / path)
        with (self.folder / path).open("rb") as source:
            while piece := source.read(_COPY_BYTES):
                yield piece

    def put(self, path: str, source: Path, sha256: str) -> None:  # noqa: ARG002 - buckets want it
        """Move a file in."""
        target = self.folder / path
        self._refuse_outside(path, target.parent)
        self._make(target.parent)
        partial = target.with_name(f"{target.name}.{os.getpid()}{PARTIAL}")
        try:
            shutil.move(source, partial)
            if self._is_private:
                partial.chmod(0o600)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files."""
        for path in paths:
            target = self.folder / path
            self._refuse_outside(path, target.parent)
            target.unlink(missing_ok=True)
            with suppress(OSError):  # as far up as folders are empty now
                for above in target.parents:
                    if above == self.folder:
                        break
                    above.rmdir()

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder beside the files, so that moving is renaming."""
        self._make(self.folder)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="incoming-", suffix=PARTIAL) as folder:
            yield Path(folder)

    def _refuse_outside(self, path: str, target: Path) -> None:
        # The folder itself, and what is named as the room's own, may be links: the operator made them.
        roots = [(self.folder / each).resolve() for each in ("", *self._only)]
        where = target.resolve()
        if not any(where.is_relative_to(root) for root in roots):
            raise BadRequest(
                f"'{path}' leads out of '{self.folder}'; no file of a back-up lies behind such a name or "
                "symbolic link: remove the link, or use another back-up"
            )

    def _make(self, folder: Path) -> None:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing if self._is_private else ():
            each.chmod(0o700)


def _files(start: Path) -> Iterator[Path]:
    if start.is_file():
        yield start
    for above, folders, names in os.walk(start):
        folders[:] = [name for name in folders if not name.endswith(PARTIAL)]
        yield from (Path(above) / name for name in names if not name.endswith(PARTIAL))


class BucketRoom:
    """A prefix of a bucket; credentials and endpoint are boto3's (`AWS_...`).

    Args:
        uri: `s3://bucket/prefix`.
        encryption: The setting `s3_encryption`.
    """

    def __init__(self, uri: str, encryption: str = "") -> None:
        self.bucket = Bucket(uri, encryption)
        self.place = self.bucket.uri

    def entries(self, under: str = "") -> Iterator[Entry]:
        """The objects below the prefix."""
        for found in self.bucket.listed(under):
            yield Entry(found.name, found.size_bytes, f"{found.size_bytes}:{found.tag}", found.modified_s)

    def fetch(self, path: str, to: Path) -> None:
        """Copy an object out."""
        with to.open("wb") as target:
            for piece in self.pieces(path):
                target.write(piece)

    def pieces(self, path: str) -> Iterator[bytes]:
        """Read an object."""
        with self.bucket.open(path) as source:
            while piece := source.read(_COPY_BYTES):
                yield piece

    def put(self, path: str, source: Path, sha256: str) -> None:
        """Send a file."""
        self.bucket.put(source, path, sha256)
        source.unlink()

    def remove(self, paths: Iterable[str]) -> None:
        """Remove objects."""
        self.bucket.remove(paths)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of this machine."""
        with tempfile.TemporaryDirectory(prefix="penstock-backup-") as folder:
            yield Path(folder)
