"""How much memory a version takes, from its files by their kind.

The factors are resident bytes per byte of file, from ten loads of one file of each kind: LightGBM's text
0.72, XGBoost's UBJSON 1.53, a text model's document 0.93. Arrays are mapped from the file, so that workers
share them; they are counted whole, for a busy version has them in memory.

How much the process grows with a load is no better measure: the allocator keeps what the load needed for a
moment, and reuses what another version has left. It was up to three times too high, and often zero.
"""

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


def taken(scorer: Scorer, estimated: int) -> int:
    """What a loaded version takes: its own word, if it has one, or what was expected by its files."""
    return scorer.size_bytes if isinstance(scorer, Sized) else estimated
