"""What a forked process is called, and its mark, as the system shows them: written over those of its parent.

The kernel shows a process's first command line and environment from its own memory, and a fork has its
parent's. A process that is to fork leaves room for names of other lengths (`ROOM`, `NO_MARK`).
"""

import ctypes
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from penstock.jobs.tree import MARK

ROOM = "." * 500
"""An argument that makes a command line long enough for others."""
NO_MARK = "-" * 36
"""As long as a job's id."""
_START, _END = 45, 46
"""Places of `arg_start` and `arg_end` behind the name in /proc/PID/stat, see proc(5)."""


def can() -> bool:
    """Whether this process's names can be written over."""
    return sys.platform == "linux" and _line()[0] > 0 and _mark() > 0


def call(words: Sequence[str], mark: str) -> None:
    """Show this process with a command line, cut where there is no room, and a job's mark.

    Args:
        words: The command line.
        mark: Of the length of `NO_MARK`.
    """
    start, size = _line()
    line = b"\0".join(word.encode() for word in words)[: size - 1]
    ctypes.memmove(start, line.ljust(size, b"\0"), size)
    ctypes.memmove(_mark(), mark.encode()[: len(NO_MARK)], len(NO_MARK))


@cache
def _line() -> tuple[int, int]:
    """Where the command line is, and how long; zeros where that is not told."""
    try:
        told = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        start, end = int(told[_START]), int(told[_END])
    except (OSError, ValueError, IndexError):
        return 0, 0
    return start, end - start


@cache
def _mark() -> int:
    """Where the mark's value is; 0 where there is none of the right length."""
    find = ctypes.CDLL(None).getenv
    find.restype = ctypes.c_void_p
    place = find(MARK.encode())
    return int(place) if place and ctypes.string_at(place) == NO_MARK.encode() else 0
