"""All processes of a job: its group, what they started, and what left the group but bears the job's mark."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from monitoring.retraining.processes import BORN_MARGIN_S, Process

MARK = "JOB_OF_PENSTOCK"
"""The environment variable that every process of a job inherits; PENSTOCK_ begins those of settings."""
POLL_S = 0.05
KILL_S = 5.0
"""How long processes that are killed are looked for: some start others until they are."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a job's processes take at a moment.

    Attributes:
        memory_bytes: Their memory; what they share is counted once.
        core_s: Seconds of processor time until now, of those that have ended, too.
        count: How many there are.
    """

    memory_bytes: int
    core_s: float
    count: int


class Tree:
    """A job's processes; one thread uses it.

    Descendants are found each time. Of those whose parents have died the job's process is the parent again
    (see `launch`); should it be dead itself, they are found by the mark, and remembered.

    Args:
        job_id: The job.
        leader: Its process.
    """

    def __init__(self, job_id: str, leader: Process) -> None:
        self._mark, self._leader = job_id, leader
        self._known: dict[int, psutil.Process] = {}
        self._core_s = 0.0

    def members(self) -> list[psutil.Process]:
        """Those that live, as far as can be told from parents alone."""
        self._known = {pid: each for pid, each in self._known.items() if _is_alive(each)}
        for each in self._family():
            self._known.setdefault(each.pid, each)
        return list(self._known.values())

    def search(self) -> list[psutil.Process]:
        """Those that live, by looking at every process of the machine, too."""
        for each in psutil.process_iter():
            if each.pid not in self._known and self._is_marked(each) and _is_alive(each):
                self._known[each.pid] = each
        return self.members()

    def sample(self) -> Sample:
        """What they take now."""
        memory, core_s, members = 0, 0.0, self.members()
        for each in members:
            with contextlib.suppress(psutil.Error):
                memory += _memory(each)
                times = each.cpu_times()
                core_s += times.user + times.system
                core_s += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        # A parent that has gone takes the times of its children with it.
        self._core_s = max(self._core_s, core_s)
        return Sample(memory, self._core_s, len(members))

    def ask(self) -> None:
        """Ask all to end."""
        for each in self.search():
            with contextlib.suppress(psutil.Error):
                each.terminate()

    def kill(self) -> bool:
        """Kill all, and what they start meanwhile; whether none is left."""
        deadline = time.monotonic() + KILL_S
        while members := self.search():
            for each in members:
                with contextlib.suppress(psutil.Error):
                    each.kill()
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True

    def _family(self) -> Iterator[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            leader = psutil.Process(self._leader.pid)
            if abs(leader.create_time() - self._leader.born_s) < BORN_MARGIN_S:
                yield from (each for each in [leader, *leader.children(recursive=True)] if _is_alive(each))

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self._mark
        except (psutil.Error, OSError):
            return False


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
