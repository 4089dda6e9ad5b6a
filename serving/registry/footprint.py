"""How much memory a version takes: from its files by their kind, and from what its load made of the process.

The factors are resident bytes per byte of file, from ten loads of one file of each kind: LightGBM's text
0.72, XGBoost's UBJSON 1.53, a text model's document 0.93. Arrays are mapped from the file, so that workers
share them; they are counted whole, for a busy version has them in memory.
"""

import resource
import stat
from contextlib import suppress
from pathlib import Path
from typing import Protocol, runtime_checkable

from serving.scorers.scorer import Scorer

BASE_BYTES = 300_000
"""MLflow's metadata, the parser and the encoder of a small version."""

PLAN_FACTORS = {".txt": 0.8, ".ubj": 1.6, ".json": 1.0, ".npz": 1.0}
OTHER_FACTOR = 2.0
"""Of a pickle: as read, and as made."""

MOST_GROWTH = 3
"""Beyond so many times the estimate the process has grown for other reasons too."""


@runtime_checkable
class Sized(Protocol):
    """A scorer that knows what it takes."""

    @property
    def size_bytes(self) -> int:
        """Of memory, wherever it lies."""
        ...


def estimate(folder: Path) -> int:
    """The bytes of memory that a version's files will take, from their sizes."""
    plan = folder / "plan"
    factors, rest = (PLAN_FACTORS, plan) if plan.is_dir() else ({}, folder)
    total = float(BASE_BYTES)
    for path in rest.rglob("*"):
        with suppress(OSError):
            found = path.stat()
            total += factors.get(path.suffix, OTHER_FACTOR) * found.st_size * stat.S_ISREG(found.st_mode)
    return int(total)


def measured(scorer: Scorer, estimated: int, grown_bytes: int | None) -> int:
    """What a loaded version takes.

    Args:
        scorer: The version.
        estimated: By its files.
        grown_bytes: How much the process grew while nothing else was loaded or freed; None if something was.
            Growth below the estimate tells nothing: the memory of a version that has left is used again.
    """
    if isinstance(scorer, Sized):
        return scorer.size_bytes
    return max(estimated, min(grown_bytes or 0, MOST_GROWTH * estimated))


def resident_bytes() -> int | None:
    """This process's memory that no file backs; None where the system does not tell."""
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return None
    return (int(resident) - int(shared)) * resource.getpagesize()
