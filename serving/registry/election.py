"""Which worker polls the registry: the one that holds a file lock, which the kernel frees when it dies."""

import fcntl
import os
from pathlib import Path


class Election:
    """One worker's candidacy for the lock at `path`; not shared between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def holds(self) -> bool:
        """Whether this process is the elected one; takes the lock if nobody has it."""
        if self._descriptor is not None:
            return True
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def resign(self) -> None:
        """Free the lock, so that another worker takes over at its next poll."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
