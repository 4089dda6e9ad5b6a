"""A file on its way in: written piece by piece where nobody reads, then moved to its place as a whole."""

import errno
import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import BinaryIO

from penstock.problems import BadRequest, NoRoom, TooLarge

FOLDER = ".incoming"
"""Below the projects' folder, so that moving is renaming; no user's name begins with a dot."""
FORGOTTEN_S = 86_400.0
SPARE_BYTES = 256 * 1024 * 1024
"""What stays free on the disk."""
LOOK_EVERY_BYTES = 64 * 1024 * 1024
"""How much of a file may come between two looks at the disk."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Incoming:
    """One file that comes in pieces; used by one thread at a time.

    Args:
        projects_dir: The projects' folder.
        most_bytes: How large it may be.
    """

    def __init__(self, projects_dir: Path, most_bytes: int) -> None:
        self.size_bytes, self._most_bytes = 0, most_bytes
        self._digest, self._looked_at = hashlib.sha256(), 0
        self._path = projects_dir / FOLDER / f"{uuid.uuid4()}.partial"
        self._file: BinaryIO | None = None

    @property
    def sha256(self) -> str:
        """The digest of what has come."""
        return self._digest.hexdigest()

    def write(self, piece: bytes) -> None:
        """Take a piece.

        Raises:
            TooLarge: It is one piece too many.
            NoRoom: The disk is full.
        """
        self.size_bytes += len(piece)
        if self.size_bytes > self._most_bytes:
            raise too_large(self._most_bytes)
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("xb")
            if self.size_bytes >= self._looked_at:
                self._look()
            self._file.write(piece)
        except OSError as error:
            raise _refused(error) from error
        self._digest.update(piece)

    def _look(self) -> None:
        """See that there is room for the next bytes: how many will come need not have been said."""
        self._looked_at = self.size_bytes + LOOK_EVERY_BYTES
        if _free(self._path.parent) < SPARE_BYTES + LOOK_EVERY_BYTES:
            raise _no_room()

    def keep(self, target: Path) -> None:
        """Move the whole file to its place, on the disk for good.

        Raises:
            BadRequest: Nothing has come.
            NoRoom: The disk is full.
        """
        if self._file is None:
            raise BadRequest("the file is empty; a table needs a header and rows", code="empty_file")
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            target.parent.mkdir(parents=True, exist_ok=True)
            self._path.rename(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise _refused(error) from error

    def drop(self) -> None:
        """Leave nothing behind; after `keep` there is nothing."""
        if self._file is not None:
            self._file.close()
        self._path.unlink(missing_ok=True)


def check_room(projects_dir: Path, size_bytes: int, most_bytes: int) -> None:
    """Refuse a file of an announced size before its first piece.

    Raises:
        TooLarge: It is larger than is taken.
        NoRoom: It does not fit on the disk.
    """
    if size_bytes > most_bytes:
        raise too_large(most_bytes)
    projects_dir.mkdir(parents=True, exist_ok=True)
    if size_bytes + SPARE_BYTES > _free(projects_dir):
        raise _no_room()


def _free(folder: Path) -> int:
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize


def sweep(projects_dir: Path) -> None:
    """Remove what killed processes have left."""
    for path in (projects_dir / FOLDER).glob("*.partial"):
        if path.stat().st_mtime < time.time() - FORGOTTEN_S:
            path.unlink(missing_ok=True)


def too_large(most_bytes: int) -> TooLarge:
    """The refusal of a file that is too large."""
    return TooLarge(
        f"the file is larger than {most_bytes / 1e6:,.0f} MB, which is the most that is taken; send a part"
        " of it, pack it, or ask an administrator to set api_max_upload_bytes"
    )


def _no_room() -> NoRoom:
    return NoRoom("the server's disk is full; nothing was kept, so try again when there is room")


def _refused(error: OSError) -> Exception:
    return _no_room() if error.errno in _FULL else error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
