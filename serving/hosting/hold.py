"""A held connection to a host: while anybody holds one, it stays; when it ends, all holders see that."""

import os
import signal
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

from serving.hosting.spec import HostSpec
from serving.upstream.address import reachable

REQUEST = b"GET /hold HTTP/1.1\r\nhost: localhost\r\n\r\n"
ANSWER = b"HTTP/1.1 200 "
CONNECT_S = 2.0


class Hold:
    """One connection. Safe to call from several threads."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._is_closed = False

    def wait_for_end(self) -> None:
        """Wait until the host, or this side, ends the connection."""
        with suppress(OSError):
            while self._connection.recv(4096):
                pass
        self.close()

    def close(self) -> None:
        """Let the host go."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            with suppress(OSError):
                # Unlike `close`, this wakes whoever waits for the end.
                self._connection.shutdown(socket.SHUT_RDWR)
            self._connection.close()

    @property
    def private_bytes(self) -> int | None:
        """The host's memory that it shares with nobody; None if unknown."""
        pid = _peer(self._connection)
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            return None
        sizes = [int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_")]
        return sum(sizes) * 1024

    def kill(self) -> None:
        """End the host and what it has started, whatever it does."""
        with self._lock:
            if not self._is_closed:
                _kill(self._connection)


def try_hold(spec: HostSpec) -> Hold | None:
    """Hold the host of a version if it runs.

    One that takes the connection and does not answer within its time limit is ended.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_S)
        connection.connect(reachable(Path(spec.socket)))
        connection.settimeout(spec.limits.time_s)
        connection.sendall(REQUEST)
        answer = b""
        while b"\r\n\r\n" not in answer:
            if not (more := connection.recv(4096)):
                break
            answer += more
    except TimeoutError:
        _kill(connection)
        answer = b""
    except OSError:
        answer = b""
    if not answer.startswith(ANSWER):
        connection.close()
        return None
    connection.settimeout(None)
    return Hold(connection)


def _kill(connection: socket.socket) -> None:
    pid = _peer(connection)
    if pid is None or pid == os.getpid():
        return
    with suppress(ProcessLookupError, PermissionError):
        # A host leads a group of its own, in which all that it has started is.
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)


def _peer(connection: socket.socket) -> int | None:
    """The process that listens at the other end; None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    try:
        told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError:
        return None
    pid: int = struct.unpack("3i", told)[0]
    return pid or None
