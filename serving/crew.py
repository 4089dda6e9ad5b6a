"""Threads for calls that may never end: one that is late is given up, and another thread takes its place.

Python cannot end a thread. A model's code that hangs would hold its thread for ever, and a few such calls a
pool of fixed size. Here the size counts only the threads that are not late, up to a bound on all of them.
Jobs of different groups take turns, so that a group's backlog stands in no other's way.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from serving.turns import Turns

MOST_LATE = 32
"""Late threads beyond these are not replaced: each may hold memory."""


class Crew:
    """Runs jobs in `size` threads besides the late ones. Safe to call from several threads.

    Args:
        size: How many jobs run at a time.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._jobs: Turns[tuple[Future[Any], Callable[[], Any]]] = Turns()
        self._late: set[Future[Any]] = set()
        self._threads = 0

    @property
    def late(self) -> int:
        """How many threads are in jobs that were given up."""
        return len(self._late)

    def submit(self, job: Callable[[], Any], group: object = None) -> Future[Any]:
        """Queue a job behind those of its group."""
        future: Future[Any] = Future()
        self._jobs.put(group, (future, job))
        self._fill()
        return future

    def give_up(self, future: Future[Any]) -> None:
        """Want a job's answer no more: it does not start, or another thread takes its thread's place."""
        if future.cancel() or future.done():
            return
        with self._lock:
            self._late.add(future)
        self._fill()

    def _fill(self) -> None:
        with self._lock:
            wanted = self._size + min(len(self._late), MOST_LATE)
            if self._threads < wanted:
                self._threads += 1
                threading.Thread(target=self._work, name="crew", daemon=True).start()

    def _work(self) -> None:
        while True:
            future, job = self._jobs.get()
            if future.set_running_or_notify_cancel():
                _run(future, job)
            if self._is_spare(future):
                return

    def _is_spare(self, future: Future[Any]) -> bool:
        with self._lock:
            self._late.discard(future)
            is_spare = self._threads > self._size + min(len(self._late), MOST_LATE)
            self._threads -= is_spare
            return is_spare


def _run(future: Future[Any], job: Callable[[], Any]) -> None:
    try:
        future.set_result(job())
    except BaseException as error:  # noqa: BLE001 - the thread's edge: whoever waits is told
        future.set_exception(error)
