"""What a job may take: its own limits, else its project's, else the settings'; never more than those."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from penstock.jobs.job import Limits
from penstock.jobs.machine import Machine
from penstock.problems import BadRequest
from serving.settings import Settings

AT_ONCE = "jobs_at_once"
"""How many of a project's jobs run at a time; beside the limits of each in a project's `limits`."""
MEMORY_SHARE = 0.9
"""Of the machine's memory, over the jobs at once and one that somebody waits for."""
NAMES = tuple(field.name for field in fields(Limits))
_WORDS = {
    "cores": "cores",
    "gpus": "GPUs",
    "memory_bytes": "bytes of memory",
    "disk_bytes": "bytes of disk",
    "time_s": "seconds",
}


def of_project(told: str) -> dict[str, float]:
    """A project's limits by name; what cannot be read, or is no limit, is none."""
    try:
        found = json.loads(told or "{}")
    except ValueError:
        return {}
    named: Mapping[str, Any] = found if isinstance(found, dict) else {}
    return {
        name: value
        for name, value in named.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    }


def allowed(own: Limits, project: Mapping[str, float], settings: Settings, machine: Machine) -> Limits:
    """A job's limits, its project's where it names none; what is left 0 its machine decides.

    Raises:
        BadRequest: It wants more than its project, else the settings, else this machine allow.
    """
    found: dict[str, Any] = {}
    for name in NAMES:
        value, most = getattr(own, name), _most(name, project, settings, machine)
        if value < 0:
            raise BadRequest(f"a job's {name} must be 0 or more, not {value:g}; leave it out for the default")
        if most and value > most:
            raise BadRequest(
                f"a job of this project may take {most:g} {_WORDS[name]}, not {value:g}; ask for less, or ask"
                " an administrator to raise the project's limits"
            )
        found[name] = value or project.get(name, 0)
    return Limits(**{name: value if name == "time_s" else int(value) for name, value in found.items()})


def on_machine(limits: Limits, settings: Settings, machine: Machine) -> Limits:
    """The limits of a job on this machine, each of them a figure; only `disk_bytes` may be 0, for none."""
    return replace(
        limits,
        cores=min(limits.cores or _cores(settings, machine), len(machine.cores)),
        memory_bytes=limits.memory_bytes or _memory(settings, machine),
        disk_bytes=limits.disk_bytes or settings.job_disk_bytes,
        time_s=limits.time_s or settings.job_time_limit_s,
    )


def _most(name: str, project: Mapping[str, float], settings: Settings, machine: Machine) -> float:
    """The most of it; 0 for no bound. GPUs are there for those who ask, up to what there are."""
    of_settings = {
        "cores": settings.job_cores or len(machine.cores),
        "gpus": settings.job_gpus or len(machine.gpus),
        "memory_bytes": _memory(settings, machine),
        "disk_bytes": settings.job_disk_bytes,
        "time_s": settings.job_time_limit_s,
    }
    return float(project.get(name) or of_settings[name])


def _cores(settings: Settings, machine: Machine) -> int:
    return settings.job_cores or max(1, len(machine.cores) // settings.jobs_at_once)


def _memory(settings: Settings, machine: Machine) -> int:
    at_once = settings.jobs_at_once + 1
    return settings.job_memory_bytes or int(machine.memory_bytes * MEMORY_SHARE / at_once)
