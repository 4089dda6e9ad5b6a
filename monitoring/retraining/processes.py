"""Runs as processes that outlive who started them: begun in a group of their own, found again, ended whole.

`mlflow run` that is told to end leaves its child behind, so signals go to the whole group.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

BORN_MARGIN_S = 1.0
"""A process's birth is told to a hundredth of a second, from a boot time that may be corrected."""
POLL_S = 0.05


class Process(NamedTuple):
    """A process: its number, and when it began, which tells it from a later one of that number."""

    pid: int
    born_s: float


class Processes:
    """Starts runs and watches over them; those that another process started are known by number and birth."""

    def __init__(self) -> None:
        self._own: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, log: Path) -> Process:
        """Start a command as the leader of a group of its own, what it says in a file.

        Raises:
            OSError: It cannot be started, or the file not be written.
        """
        with log.open("ab") as said:
            child = subprocess.Popen(
                command,
                env=dict(environ),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._own[child.pid] = child
        return Process(child.pid, _born(child.pid))

    def is_alive(self, process: Process) -> bool:
        """Whether a run still goes on."""
        own = self._own.get(process.pid)
        if own is not None:
            return own.poll() is None
        try:
            found = psutil.Process(process.pid)
            is_same = abs(found.create_time() - process.born_s) < BORN_MARGIN_S
            return is_same and found.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def exit_code(self, process: Process) -> int | None:
        """The code that a run ended with; None where that is not known."""
        own = self._own.get(process.pid)
        return own.poll() if own is not None else None

    def tell(self, process: Process, number: signal.Signals) -> None:
        """Send a signal to all of a run's group."""
        for member in _members(process):
            with contextlib.suppress(psutil.Error):
                member.send_signal(number)

    def end(self, processes: Sequence[Process], *, grace_s: float) -> None:
        """End runs with all that they started: asked first, made to when the grace is over."""
        for process in processes:
            self.tell(process, signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while any(_members(process) for process in processes) and time.monotonic() < deadline:
            time.sleep(POLL_S)
            self._reap()
        for process in processes:
            self.tell(process, signal.SIGKILL)
            self.forget(process)

    def forget(self, process: Process) -> None:
        """Let go of a run that is over."""
        own = self._own.pop(process.pid, None)
        if own is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                own.wait(1.0)

    def _reap(self) -> None:
        for child in self._own.values():
            child.poll()


def find(words: Sequence[str]) -> Process | None:
    """The leader of a group whose command line bears all these words; None where there is none."""
    for found in psutil.process_iter(["cmdline", "create_time"]):
        line = " ".join(found.info["cmdline"] or ())
        if all(word in line for word in words) and _group(found.pid) == found.pid:
            return Process(found.pid, float(found.info["create_time"]))
    return None


def _members(process: Process) -> list[psutil.Process]:
    """The living processes of a run's group; none of a later group of its number."""
    found = []
    for each in psutil.process_iter(["create_time", "status"]):
        if _group(each.pid) != process.pid or each.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if each.pid == process.pid and abs(each.info["create_time"] - process.born_s) >= BORN_MARGIN_S:
            return []
        if each.info["create_time"] >= process.born_s - BORN_MARGIN_S:
            found.append(each)
    return found


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0


def _born(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return time.time()
