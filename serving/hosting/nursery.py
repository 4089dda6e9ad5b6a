"""A process that has the libraries loaded and forks hosts: they start quickly and share its memory.

It is forked once, from a process that has imported the libraries and runs no threads yet: gunicorn's own, or
the model server's. It lives until all processes that descend from that one, hosts aside, are gone. Where it
cannot be reached, hosts are started by a command of their own.
"""

import gc
import logging
import os
import random
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from serving.hosting.spec import HostSpec
from serving.upstream.address import reachable

_logger = logging.getLogger(__name__)

NAME = "nursery.sock"
NURSE = "penstock-nurse"
"""What the system's tools call it."""
LONGEST_SPEC = 65536
ANSWER_S = 10.0
NOT_INHERITED = ("PROMETHEUS_MULTIPROC_DIR", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
"""What a stranger's code is not told: a version's files are here, so that it needs no way to MLflow."""


def start_nursery(folder: Path) -> None:
    """Fork the nursery, which listens in a folder; call it before the process has threads.

    Args:
        folder: Where the hosts' sockets lie.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / NAME
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(reachable(path))
    listening.listen(64)
    # This process and all workers that it forks hold the pipe's other end, and never write to it.
    alive, _held = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    middle = os.fork()
    if middle == 0:
        # Forked twice, it is no child of gunicorn's, which takes all its children for workers.
        if os.fork() == 0:
            _live(listening, alive, folder)
        os._exit(0)
    os.waitpid(middle, 0)
    listening.close()
    os.close(alive)


def nurse_file(folder: Path) -> Path:
    """Where the nursery that listens in a folder leaves its process id."""
    return folder / "nursery.pid"


class NurseryChild:
    """A host that the nursery has forked; as much of `subprocess.Popen` as a starter needs."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.pid = pid
        self._connection = connection

    def wait(self) -> int:
        """Wait for the host's end; returns its status, or the signal below zero."""
        with self._connection, suppress(OSError, ValueError):
            return int(self._connection.recv(32).decode())
        return -signal.SIGKILL


def fork_host(folder: Path, spec: HostSpec, report: int) -> NurseryChild | None:
    """Have a host forked; None where there is no nursery.

    Args:
        folder: Where the nursery listens.
        spec: The host.
        report: The descriptor that the host reports to.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_S)
        connection.connect(reachable(folder / NAME))
        socket.send_fds(connection, [spec.to_text().encode()], [report])
        pid = int(connection.recv(32).decode())
    except (OSError, ValueError):
        connection.close()
        return None
    connection.settimeout(None)
    return NurseryChild(connection, pid)


class _Nursery:
    """The nursery's own loop. It has one thread, as forks of others' locks would never be freed."""

    def __init__(self, listening: socket.socket, alive: int) -> None:
        self._listening, self._alive = listening, alive
        self._waiting: dict[int, socket.socket] = {}

    def run(self) -> None:
        """Fork hosts until nobody holds the pipe's other end."""
        woken, waking = os.pipe()
        os.set_blocking(waking, False)
        os.set_blocking(woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self._listening.fileno(), self._alive, woken], [], [])
            if woken in ready:
                with suppress(BlockingIOError):
                    os.read(woken, 4096)
                self._reap()
            if self._alive in ready:
                return
            if self._listening.fileno() in ready:
                self._serve()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        connection.settimeout(ANSWER_S)
        report: list[int] = []
        try:
            said, report, _, _ = socket.recv_fds(connection, LONGEST_SPEC, 1)
            spec = HostSpec.from_text(said.decode())
            pid = self._fork(spec, report[0], connection)
            connection.sendall(b"%d" % pid)
        except (OSError, ValueError, TypeError, LookupError):
            _logger.exception("a host could not be forked")
            connection.close()
        else:
            self._waiting[pid] = connection
        finally:
            for descriptor in report:
                os.close(descriptor)

    def _fork(self, spec: HostSpec, report: int, connection: socket.socket) -> int:
        pid = os.fork()
        if pid == 0:
            for other in (self._listening, connection, *self._waiting.values()):
                other.close()
            os.close(self._alive)
            _become_host(spec, report)
        return pid

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            connection = self._waiting.pop(pid, None)
            if connection is not None:
                with connection, suppress(OSError):
                    connection.sendall(b"%d" % os.waitstatus_to_exitcode(status))


def _live(listening: socket.socket, alive: int, folder: Path) -> NoReturn:
    try:
        os.setsid()
        _close_others({listening.fileno(), alive})
        _call_it(NURSE)
        with suppress(OSError):
            nurse_file(folder).write_text(str(os.getpid()), encoding="ascii")
        # What the collector does not visit stays shared with the hosts.
        gc.collect()
        gc.freeze()
        _Nursery(listening, alive).run()
    finally:
        os._exit(0)


def _become_host(spec: HostSpec, report: int) -> NoReturn:
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _call_it("penstock-pyfunc")
        for name in NOT_INHERITED:
            os.environ.pop(name, None)
        _draw_anew()
        from serving.hosting.host import run_host

        code = run_host(spec, report)
    except BaseException:
        _logger.exception("%s failed", spec.called)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _draw_anew() -> None:
    """Every host draws random numbers of its own."""
    import numpy as np

    random.seed()
    np.random.seed()  # noqa: NPY002 - the generator that models' code may use


def _close_others(kept: set[int]) -> None:
    """Close what the forking process had open, such as its lock on the gateway's folder."""
    with suppress(OSError):
        for path in Path("/proc/self/fd").iterdir():
            if (descriptor := int(path.name)) > 2 and descriptor not in kept:
                with suppress(OSError):
                    os.close(descriptor)
        return
    for descriptor in range(3, 1024):
        if descriptor not in kept:
            with suppress(OSError):
                os.close(descriptor)


def _call_it(name: str) -> None:
    """Set the name that the system's tools show."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="ascii")
