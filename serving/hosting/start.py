"""Starting a host: by one worker, which has the version's lock meanwhile; the others wait for it."""

import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging import getLogger
from pathlib import Path

import orjson

from serving.hosting.hold import Hold, try_hold
from serving.hosting.nursery import NOT_INHERITED, NurseryChild, fork_host
from serving.hosting.spec import HostSpec
from serving.scorers.refusal import LoadError

_logger = getLogger(__name__)

START_LIMIT_S = 120.0
"""How long a version may take to load."""

LOOK_EVERY_S = 0.02

Process = NurseryChild | subprocess.Popen[bytes]


class Starter:
    """Starts hosts: by the nursery where there is one, else by a command. Not for the event loop.

    Args:
        started: Is told of each host that this process has started.
    """

    def __init__(self, started: Callable[[HostSpec], None] = lambda _: None) -> None:
        self._started = started

    def attach(self, spec: HostSpec) -> Hold:
        """Hold the host of a version, which is started if it does not run.

        Raises:
            LoadError: It cannot be started, or the version cannot be loaded there.
        """
        deadline = time.monotonic() + START_LIMIT_S
        while (hold := try_hold(spec)) is None:
            with _lock(spec.lock) as is_mine:
                if is_mine and (hold := try_hold(spec)) is None:
                    hold = self._hold_started(spec, deadline)
            if hold is not None:
                break
            if time.monotonic() > deadline:
                raise LoadError(f"{spec.called} was not ready within {START_LIMIT_S:g} s")
            time.sleep(LOOK_EVERY_S)
        return hold

    def _hold_started(self, spec: HostSpec, deadline: float) -> Hold | None:
        try:
            self._start(spec, deadline)
        except LoadError:
            # One that a worker had begun to start when it was killed may have come first, and has the socket.
            if (hold := try_hold(spec)) is not None:
                return hold
            raise
        return try_hold(spec)

    def _start(self, spec: HostSpec, deadline: float) -> None:
        Path(spec.socket).unlink(missing_ok=True)
        reading, writing = os.pipe()
        try:
            process = fork_host(Path(spec.socket).parent, spec, writing) or _command(spec, writing)
        except OSError as error:
            os.close(reading)
            raise LoadError(f"{spec.called} cannot be started: {error.strerror or error}") from error
        finally:
            os.close(writing)
        self._started(spec)
        report = _read_report(reading, deadline)
        if report is None:
            _end_group(process)
        fault = _outcome(report, process, spec)
        threading.Thread(target=_reap, args=(process, spec, fault), name="reap", daemon=True).start()
        if fault is not None:
            raise LoadError(fault)


def _command(spec: HostSpec, report: int) -> "subprocess.Popen[bytes]":
    """Start a host without the nursery."""
    environ = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return subprocess.Popen(
        [sys.executable, "-m", "serving.model_server", "--host", spec.to_text(), str(report)],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=sys.__stderr__,
        pass_fds=(report,),
        start_new_session=True,
    )


def _outcome(report: bytes | None, process: Process, spec: HostSpec) -> str | None:
    """Why a host is not ready, from what it has reported; None if it is."""
    if report is None:
        return f"it was not loaded within {START_LIMIT_S:g} s"
    if not report:
        return f"the process that loads it ended {_how(process.wait())}"
    try:
        error = orjson.loads(report)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"{spec.called} reported what cannot be read"
    return None if error is None else str(error)


def _read_report(reading: int, deadline: float) -> bytes | None:
    """What a host says of its loading: one line; nothing if it has ended, None if it takes too long."""
    said = b""
    try:
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return None
            if not (more := os.read(reading, 65536)):
                return b""
            said += more
    finally:
        os.close(reading)
    return said


def _reap(process: Process, spec: HostSpec, fault: str | None) -> None:
    code = process.wait()
    if code and fault is None:
        _logger.warning("%s ended %s", spec.called, _how(code))


def _how(code: int) -> str:
    if code >= 0:
        return f"with status {code}"
    with suppress(ValueError):
        return f"by {signal.Signals(-code).name}"
    return f"by signal {-code}"


def _end_group(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Try to take a version's lock; gives whether that worked."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
