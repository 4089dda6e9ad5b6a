"""What of the machine is in use: memory, and GPUs where there are any."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from penstock.jobs import machine

_ASK_GPUS_S = 5.0
_QUERY = "utilization.gpu,memory.used,memory.total"


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU in use.

    Attributes:
        used_share: Of its time, 0 to 1.
        used_bytes: Of its memory.
        total_bytes: Its memory.
    """

    used_share: float
    used_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Hardware:
    """The machine in use.

    Attributes:
        memory_used_bytes: By all its processes.
        memory_total_bytes: What it has.
        process_bytes: Resident, by this process.
        cpu_share: Of all cores since the last look, 0 to 1.
        gpus: Its GPUs.
    """

    memory_used_bytes: int
    memory_total_bytes: int
    process_bytes: int
    cpu_share: float
    gpus: Sequence[Gpu]


def look() -> Hardware:
    """See what is in use now."""
    memory = psutil.virtual_memory()
    own = psutil.Process().memory_info().rss
    share = psutil.cpu_percent(interval=None) / 100
    return Hardware(memory.total - memory.available, memory.total, own, share, _gpus())


def _gpus() -> tuple[Gpu, ...]:
    if not machine.here().gpus:
        return ()
    command = ["nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_GPUS_S, check=True).stdout
        cells = [[float(cell) for cell in line.split(",")] for line in said.splitlines() if line.strip()]
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()
    mib = 1024 * 1024
    return tuple(Gpu(share / 100, int(used * mib), int(total * mib)) for share, used, total in cells)
