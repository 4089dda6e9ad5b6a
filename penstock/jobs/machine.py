"""What this machine has for jobs, and which cores and GPUs of it a job gets."""

import os
import subprocess
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import psutil

_ASK_GPUS_S = 10.0


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is.

    Attributes:
        cores: The numbers of the cores that this process may use.
        gpus: The names of its GPUs, as `CUDA_VISIBLE_DEVICES` takes them.
        memory_bytes: Its memory.
    """

    cores: tuple[int, ...]
    gpus: tuple[str, ...]
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a running job has of its machine."""

    cores: tuple[int, ...] = ()
    gpus: tuple[str, ...] = ()


@cache
def here() -> Machine:
    """This machine, as it was when first looked at."""
    return look(os.environ)


def look(environ: Mapping[str, str]) -> Machine:
    """See what this machine has."""
    return Machine(_cores(), _gpus(environ), psutil.virtual_memory().total)


def placed(machine: Machine, taken: Iterable[Place], *, cores: int, gpus: int) -> Place:
    """The cores that the fewest running jobs have, and GPUs that none has.

    Args:
        machine: This one.
        taken: What its running jobs have.
        cores: How many; all where there are no more.
        gpus: How many.
    """
    others = list(taken)
    busy = Counter(core for place in others for core in place.cores)
    calm = sorted(machine.cores, key=lambda core: (busy[core], core))
    return Place(tuple(sorted(calm[: max(1, cores)])), tuple(free_gpus(machine, others)[:gpus]))


def free_gpus(machine: Machine, taken: Collection[Place]) -> Sequence[str]:
    """The GPUs that no running job has."""
    used = {gpu for place in taken for gpu in place.gpus}
    return [gpu for gpu in machine.gpus if gpu not in used]


def _cores() -> tuple[int, ...]:
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def _gpus(environ: Mapping[str, str]) -> tuple[str, ...]:
    if (seen := environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return tuple(name for name in seen.replace(" ", "").split(",") if name and name != "-1")
    try:
        said = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_ASK_GPUS_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(said.stdout.split())
