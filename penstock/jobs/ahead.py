"""A step's process, forked before its command is known: `python -m projects ...` without a second start.

MLflow makes a shell's command line of the MLproject's entry point. Where that is nothing but words for this
project's own steps, a process that has them imported takes the words; all else goes to the shell.
"""

import atexit
import contextlib
import os
import shlex
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import orjson

STEP = ["python", "-m", "projects"]
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


class Ahead:
    """A forked process that waits for a step's words; used like a `Popen`.

    Args:
        close: File descriptors that are not for it.
    """

    def __init__(self, close: Iterable[int]) -> None:
        self._code: int | None = None
        self._reading, self._writing = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(self._reading)
        else:
            for number in (self._writing, *close):
                os.close(number)

    @property
    def is_child(self) -> bool:
        """Whether this is the forked process."""
        return not self.pid

    def work(self) -> int:
        """In the child: wait for the words, and do as they say; gives the exit code."""
        with open(self._reading, "rb") as told:  # noqa: PTH123 - a number
            words = told.read()
        if not words:
            return 0  # nothing came of the job
        asked = orjson.loads(words)
        start_afresh(asked["environ"], Path(asked["folder"]))
        from projects.__main__ import main

        sys.argv = [f"{asked['folder']}/projects/__main__.py", *asked["words"]]
        return main()

    def begin(self, words: list[str], environ: Mapping[str, str], folder: str) -> None:
        """Have the child do a step.

        Raises:
            OSError: It has gone.
        """
        told = orjson.dumps({"words": words, "environ": dict(environ), "folder": folder})
        with open(self._writing, "wb") as pipe:  # noqa: PTH123 - a number
            pipe.write(told)

    def wait(self) -> int:
        """Wait for its end; gives its exit code, that of a signal below 0."""
        if self._code is None:
            _, status = os.waitpid(self.pid, 0)
            self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        if self._code is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if found else None
        return self._code

    def terminate(self) -> None:
        """Ask it to end."""
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)


def words_of(command: str) -> list[str] | None:
    """A step and its arguments, from a shell's command line; None where only a shell may read it.

    Quoted again, the words must give the line: then nothing in it means anything to a shell.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    is_plain = shlex.join(words) == command and words[: len(STEP)] == STEP
    return words[len(STEP) :] if is_plain else None


def leave(work: Callable[[], int]) -> NoReturn:
    """Do something and end this process, as an interpreter ends, but for taking all modules apart.

    That takes a while, and finds objects of libraries that the process has from another.
    """
    code = 1
    try:
        code = work()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - said as the interpreter would say it
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - as multiprocessing does
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing does
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def start_afresh(environ: Mapping[str, str], folder: Path) -> None:
    """Leave nothing of the process that this was forked from: its environment, signals, random numbers."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    tempfile.tempdir = None  # as TMPDIR says now
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()  # Python's own begins anew by itself
