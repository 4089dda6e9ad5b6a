"""How much memory learning may take: what was asked, else a share of what this process may still have."""

import re
import resource
from contextlib import suppress
from pathlib import Path

from projects.errors import BadInput

SHARE = 0.6
"""Of what is free: other processes, and DuckDB beside this one, need some too."""
BYTES_A_CELL = 120
"""A training on all rows holds a cell in the frame, the folds, the matrix and a library's form of it.

Measured: a million rows of 20 columns are trained on within 2.9 GB, of which 0.6 GB are the libraries.
"""
LEAST_BYTES = 200_000_000
"""What learning may take however little is free."""
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
UNITS |= {f"{unit}I": 1024**power for power, unit in enumerate("KMGT", 1)}
SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?)B?\s*", re.IGNORECASE)
GROUPS = (
    Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)  # fmt: skip
USED = (
    Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)  # fmt: skip
CACHED = (
    (Path("/sys/fs/cgroup/memory.stat"), "inactive_file"),
    (Path("/sys/fs/cgroup/memory/memory.stat"), "total_inactive_file"),
)
"""Pages of files that the kernel gives back when they are wanted; a group's use counts them."""


def size_bytes(text: str) -> int:
    """Read a size of memory.

    >>> size_bytes("3GB"), size_bytes("512 MiB")
    (3000000000, 536870912)

    Raises:
        BadInput: It is none.
    """
    found = SIZE.fullmatch(text)
    if found is None:
        raise BadInput(f"a size of memory must be like 3GB or 512MB, not '{text}'")
    return int(float(found[1]) * UNITS[found[2].upper()])


def learning_bytes(asked: str = "") -> int:
    """Return how many bytes learning may take.

    Args:
        asked: `sampling.memory`; empty for a share of what is free, down to a power of two: a killed
            training goes on only where it decides as before, and what is free is never twice the same.
    """
    if asked:
        return size_bytes(asked)
    free = max(int(SHARE * free_bytes()), LEAST_BYTES)
    return max(1 << (free.bit_length() - 1), LEAST_BYTES)


def free_bytes() -> int:
    """Return what this process may still take: the least of the machine's, its group's and its own limit."""
    found = [_machine()]
    for limit, used, cached in zip(GROUPS, USED, CACHED, strict=True):
        with suppress(OSError, ValueError):  # `max` is no number
            held = int(used.read_text()) - _cached(*cached)
            found.append(int(limit.read_text()) - max(held, 0))
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        found.append(soft - _field(Path("/proc/self/status"), "VmSize"))
    return max(min(found), 0)


def fits(rows: int, columns: int, most_bytes: int) -> bool:
    """Whether so many rows can be learned from in memory."""
    return rows * max(columns, 1) * BYTES_A_CELL <= most_bytes


def told(bytes_: float) -> str:
    """Write a size for a person.

    >>> told(3_000_000_000), told(250_000_000)
    ('3.0 GB', '250 MB')
    """
    return f"{bytes_ / 1e9:.1f} GB" if bytes_ >= 1e9 else f"{bytes_ / 1e6:.0f} MB"


def _machine() -> int:
    return _field(Path("/proc/meminfo"), "MemAvailable")


def _cached(path: Path, name: str) -> int:
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    return 0


def _field(path: Path, name: str) -> int:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"{path} has no {name}")
