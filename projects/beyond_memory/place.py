"""Where a last fit keeps what it has done, under the var folder, so that a killed training goes on."""

import fcntl
import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

FOLDER = "beyond-memory"
KEPT_S = 7 * 86_400
"""What no training has gone on with for so long is removed by the next one."""
LOCK = "lock"


def digest_of(*told: Any) -> str:
    """Digest what a matrix or a model follows from."""
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=repr).encode()).hexdigest()[:32]


@contextmanager
def kept_place(var_dir: Path, digest: str, clock: Any = time.time) -> Iterator[Path]:
    """Give the folder of a digest, alone; it stays if the work inside fails, and goes once it is done.

    Args:
        var_dir: Penstock's var folder.
        digest: Of what the work follows from.
        clock: Seconds since 1970.
    """
    root = var_dir / FOLDER
    root.mkdir(parents=True, exist_ok=True)
    clean_up(root, clock())
    number = 0
    while True:
        folder = root / (digest if not number else f"{digest}-{number}")
        folder.mkdir(exist_ok=True)
        lock = (folder / LOCK).open("a")
        if _is_ours(lock):
            break
        lock.close()
        number += 1
    try:
        (folder / LOCK).touch()
        yield folder
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.close()


def clean_up(root: Path, now: float) -> None:
    """Remove what was left by trainings that nobody went on with."""
    for folder in root.iterdir():
        with suppress(OSError):
            path = folder / LOCK
            if now - path.stat().st_mtime < KEPT_S:
                continue
            with path.open("a") as lock:
                if _is_ours(lock):
                    shutil.rmtree(folder, ignore_errors=True)


def _is_ours(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
