"""`python -m penstock.jobs.warm`: has everything imported, and forks the processes of jobs.

A job's process and its step need MLflow, pandas and DuckDB, seconds of imports each; a fork of a process
that has them begins at once. It imports, and does nothing else: it has no threads that hold anything, no
connections, no secrets, so that there is nothing that must not be forked. It ends when its job service does.
"""

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from penstock.jobs import naming
from penstock.jobs.ahead import leave, start_afresh
from penstock.jobs.tree import MARK

MODULES = (
    "duckdb",
    "pyarrow.parquet",
    "pandas",
    "numpy",
    "git",
    "optuna",
    "mlflow.projects.backend.local",
    "projects.training",
)
"""What steps import when they need it, beside what their modules do at once; no library with own threads."""
POLL_S = 0.05
OK, UNFIT = 0, 3
_PIECE = 65_536


def main(number: int) -> int:
    """Import, then fork as the service asks; gives the exit code of whichever process this has become.

    Args:
        number: The file descriptor of the socket to the service.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    service = socket.socket(fileno=number)
    if not naming.can():
        return UNFIT
    _import_all()
    return _Nest(service).serve()


def _import_all() -> None:
    from projects.__main__ import STEPS
    from projects.shell import be_mannerly

    be_mannerly()
    for name in ("penstock.jobs.launch", *MODULES, *STEPS.values()):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is never looked at again stays shared with the children


@dataclass
class _Nest:
    service: socket.socket
    _heard: bytes = b""
    _children: set[int] = field(default_factory=set)

    def serve(self) -> int:
        """Fork as long as the service lives."""
        while True:
            ready, _, _ = select.select([self.service], [], [], POLL_S if self._children else None)
            self._bury()
            if ready:
                piece = self.service.recv(_PIECE)
                if not piece:
                    return OK
                self._heard += piece
            while b"\n" in self._heard:
                line, _, self._heard = self._heard.partition(b"\n")
                told = orjson.loads(line)
                folder, environ = Path(told["folder"]), told["environ"]
                if self._fork(folder, environ[MARK]):
                    return _become(folder, told["log"], environ)

    def _fork(self, folder: Path, mark: str) -> bool:
        """Fork, and tell the service; whether this is the child.

        The child has its names before the service hears of it, and waits until that was told.
        """
        here, there = socket.socketpair()
        pid = os.fork()
        if not pid:
            self.service.close()
            here.close()
            os.setsid()
            naming.call((sys.executable, "-m", "penstock.jobs.launch", str(folder)), mark)
            with there:
                there.sendall(b"!")
                if not there.recv(1):
                    os._exit(UNFIT)
            return True
        there.close()
        self._children.add(pid)
        with here, contextlib.suppress(OSError):  # a child that is gone is told of as one that ended
            here.recv(1)
            self._tell({"started": pid})
            here.sendall(b"!")
        return False

    def _bury(self) -> None:
        for pid in list(self._children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                self._children.discard(pid)
                self._tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})

    def _tell(self, told: Mapping[str, int]) -> None:
        with contextlib.suppress(OSError):  # it has gone, which the next look shows
            self.service.sendall(orjson.dumps(told) + b"\n")


def _become(folder: Path, log: str, environ: Mapping[str, str]) -> int:
    """Become the process of a job, as one that was started by a command."""
    from penstock.jobs import launch

    with open(os.devnull, "rb") as nothing, open(log, "ab") as said:  # noqa: PTH123 - a place, not a Path
        os.dup2(nothing.fileno(), 0)
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    start_afresh(environ, Path.cwd())
    return launch.main(folder, is_forked=True)


if __name__ == "__main__":
    leave(lambda: main(int(sys.argv[1])))
