"""Starts the processes of jobs: forked from one that has all imported, or from the interpreter afresh."""

import contextlib
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psutil

from monitoring.retraining.processes import Process, Processes
from penstock.jobs import launch, naming
from penstock.jobs.folders import THREADS
from penstock.jobs.tree import MARK
from serving.callers.administrator import NAME, PASSWORD

CODE = Path(__file__).parents[2]
WARM = "penstock.jobs.warm"
PATIENCE_S = 120.0
"""For a fork; the first one waits for the imports."""
AGAIN_S = 60.0
"""Between two starts of the process that forks, should it die."""
CODE_S = 2.0
"""For the exit code of a process that has ended."""
_SECRETS = (NAME, PASSWORD, "PENSTOCK_MLFLOW_ADMIN_FILE")
_PIECE = 65_536


@dataclass
class Starter:
    """Starts the processes of jobs, and watches over them; usable from several threads.

    Args:
        environ: Of the process that forks; None where none is to.
    """

    environ: Mapping[str, str] | None = None
    _cold: Processes = field(default_factory=Processes, init=False)
    _warm: "_Warm | None" = field(default=None, init=False)
    _began_at: float = field(default=float("-inf"), init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def warm_up(self) -> None:
        """Start the process that forks, unless it lives, or died just now."""
        with self._lock:
            if self.environ is None or (self._warm is not None and self._warm.is_up()):
                return
            if time.monotonic() - self._began_at >= AGAIN_S:
                self._began_at = time.monotonic()
                with contextlib.suppress(OSError):
                    self._warm = _Warm(self.environ)

    def cool_down(self) -> None:
        """End the process that forks; those of jobs go on."""
        with self._lock:
            if self._warm is not None:
                self._warm.close()
            self.environ = None

    def start(self, folder: Path, *, environ: Mapping[str, str], log: Path) -> Process:
        """Start the process of a job.

        Args:
            folder: The job's.
            environ: Its environment.
            log: Where it says what it says before it has a log.

        Raises:
            OSError: It cannot be started.
        """
        self.warm_up()
        if self._warm is not None and _is_alike(self.environ, environ):
            process = self._warm.fork(folder, environ, log)
            if process is not None:
                return process
        command = [sys.executable, "-m", launch.__name__, str(folder)]
        return self._cold.start(command, environ=environ, cwd=CODE, log=log)

    def is_alive(self, process: Process) -> bool:
        """Whether it still runs."""
        return self._cold.is_alive(process)

    def exit_code(self, process: Process) -> int | None:
        """The code that it ended with; None where that is not known."""
        code = self._cold.exit_code(process)
        return code if code is not None or self._warm is None else self._warm.code(process.pid)

    def forget(self, process: Process) -> None:
        """Let go of one that is over."""
        self._cold.forget(process)


class _Warm:
    """The process that forks, from the service's side; its processes end with a message."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._lock, self._heard, self._new = threading.Lock(), b"", 0
        self._codes: dict[int, int | None] = {}
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", WARM, str(theirs.fileno()), naming.ROOM],
                env=dict(environ),
                cwd=CODE,
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )

    def is_up(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End it."""
        with self._lock:
            self._end()
            self._socket.close()

    def fork(self, folder: Path, environ: Mapping[str, str], log: Path) -> Process | None:
        """A new process of a job; None where there is none, and never will be of this request."""
        asked = {"folder": str(folder), "environ": dict(environ), "log": str(log)}
        with self._lock:
            if not self.is_up():
                return None
            try:
                self._socket.settimeout(PATIENCE_S)
                self._socket.sendall(orjson.dumps(asked) + b"\n")
                pid = self._started(PATIENCE_S)
            except OSError:
                pid = 0
            if not pid:
                self._end()
                pid = self._started(0.0)  # what it did last counts: a job is started once
            if not pid:
                return None
        with contextlib.suppress(psutil.Error):
            return Process(pid, float(psutil.Process(pid).create_time()))
        return Process(pid, time.time())

    def code(self, pid: int) -> int | None:
        """How a process ended; None for one that is not of here, or if that is not to be learned."""
        deadline = time.monotonic() + CODE_S
        with self._lock:
            while pid in self._codes and self._codes[pid] is None and time.monotonic() < deadline:
                if not self._listen(deadline - time.monotonic()):
                    break
            return self._codes.pop(pid, None)

    def _started(self, patience_s: float) -> int:
        """The process that a request led to; 0 where it led to none."""
        deadline = time.monotonic() + patience_s
        self._new = 0
        while not self._new and self._listen(max(0.0, deadline - time.monotonic())):
            pass
        return self._new

    def _listen(self, patience_s: float) -> bool:
        """Take in what it tells; whether there was anything."""
        if self._socket.fileno() < 0 or not select.select([self._socket], [], [], patience_s)[0]:
            return False
        try:
            piece = self._socket.recv(_PIECE)
        except OSError:
            return False
        self._heard += piece
        while b"\n" in self._heard:
            line, _, self._heard = self._heard.partition(b"\n")
            told = orjson.loads(line)
            if "started" in told:
                self._new = int(told["started"])
                self._codes[self._new] = None
            elif told["ended"] in self._codes:
                self._codes[told["ended"]] = int(told["code"])
        return bool(piece)

    def _end(self) -> None:
        if self.is_up():
            self._process.kill()
        self._process.wait()


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that forks: that of a job, less who it is."""
    own = {name: text for name, text in given.items() if name not in _SECRETS}
    return own | {MARK: naming.NO_MARK}


def _is_alike(warm: Mapping[str, str] | None, environ: Mapping[str, str]) -> bool:
    """Whether libraries that are loaded already go by the same numbers of threads."""
    return warm is not None and all(warm.get(name) == environ.get(name) for name in THREADS)
