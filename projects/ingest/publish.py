"""A clean folder appears whole or not at all: it is made beside its place and moved there at the end."""

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from projects.errors import BadInput

ROWS, LINES, SCHEMA, LINEAGE, PLAN = (
    "rows.parquet", "rows.jsonl", "schema.json", "lineage.json", "cleaning_plan.yaml",
)  # fmt: skip
OURS = frozenset((ROWS, LINES, SCHEMA, LINEAGE, PLAN, "quality.html", "quality.md", "quality.json"))
"""What a clean folder may hold; a folder with anything else is somebody's, and is not replaced."""
TRIES = 20


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `folder` when the block ends well.

    Raises:
        BadInput: `folder` is a file, or holds what no ingestion has written, or cannot be written.
    """
    check_replaceable(folder)
    part = folder.with_name(f".{folder.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        part.mkdir()
    except OSError as error:
        raise BadInput(f"the folder '{folder}' cannot be written; {error.strerror or error}") from error
    try:
        yield part
        check_replaceable(folder)
        _swap(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def check_replaceable(folder: Path) -> None:
    """Refuse to replace a folder that an ingestion has not made.

    Raises:
        BadInput: It is a file, or holds other files.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"'{folder}' is a file; name a folder for the clean rows")
    if folder.is_dir():
        others = sorted({entry.name for entry in folder.iterdir()} - OURS)
        if others:
            what = f"'{others[0]}', which no ingestion has written"
            raise BadInput(f"the folder '{folder}' holds {what}; name another folder")


def _swap(part: Path, folder: Path) -> None:
    """Put the new folder in place of the old one; when two come at once, the last one stays."""
    for _ in range(TRIES):
        old = folder.with_name(f".{folder.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.part")
        with contextlib.suppress(FileNotFoundError):
            folder.rename(old)
        try:
            part.rename(folder)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
        else:
            return
        finally:
            shutil.rmtree(old, ignore_errors=True)
    raise OSError(errno.EBUSY, f"other writers keep replacing '{folder}'")


def _sweep(folder: Path) -> None:
    """Remove what killed processes have left."""
    for part in folder.parent.glob(f".{folder.name}.*.*.part"):
        pid = part.name.removeprefix(f".{folder.name}.").split(".")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(part, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
