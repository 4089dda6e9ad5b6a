"""A file system with little room, where this process may mount one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    """Lay a file system of a size over a folder; skip the test where mounting is not allowed.

    Args:
        place: The folder.
        size: Such as `64k`.
    """
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs rights that this process has not")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
