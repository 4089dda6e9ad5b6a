"""Which processes a gateway or a model server consists of."""

import os
from pathlib import Path

import psutil

from serving.hosting.nursery import NURSE, nurse_file
from serving.processes import Member, descendants

HOST = "host"


def parent(part: str) -> Member:
    """The process that forked the one that asks."""
    return Member(part, psutil.Process(os.getppid()))


def census(master: Member, worker_part: str, hosts_dir: Path) -> list[Member]:
    """A master, its workers, the nursery, and the hosts of versions' own code.

    Args:
        master: The process that forks the workers.
        worker_part: What its children are called.
        hosts_dir: The folder in which the nursery listens.
    """
    found = [master]
    for _, process in descendants(master, HOST):
        try:
            is_worker = process.ppid() == master.process.pid
        except psutil.Error:
            continue
        found.append(Member(worker_part if is_worker else HOST, process))
    return found + _nursed(hosts_dir)


def _nursed(hosts_dir: Path) -> list[Member]:
    """The nursery, which is no child of the master, and the hosts that it forked."""
    try:
        nurse = psutil.Process(int(nurse_file(hosts_dir).read_text(encoding="ascii")))
        if nurse.name() != NURSE:
            return []
    except (OSError, ValueError, psutil.Error):
        return []
    nursery = Member("nursery", nurse)
    return [nursery, *descendants(nursery, HOST)]
