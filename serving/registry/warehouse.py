"""The versions' files on this machine: brought whole or not at all, tried once, dropped when out of use."""

import logging
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from serving.registry.client import RegistryAway
from serving.registry.resolve import Stock
from serving.registry.snapshot import Held

_logger = logging.getLogger(__name__)

RETRY_S = 10.0
LONGEST_RETRY_S = 600.0
"""A version that fails again and again is fetched ever more seldom, up to this."""

CRASH_WAIT_S = 60.0
"""A version whose loading ended a worker is not tried again for so long: it might end the next one too."""

KEEP_S = 3600.0
"""How long files stay after the last route has left them: a rollback then needs no fetch."""

THREADS = 4

Trial = Callable[[Held], str | None]
"""Loads a version as a worker would; returns why it cannot be served, or None."""


class Source(Protocol):
    """Where files come from; `RegistryClient` is one."""

    def download(self, model: str, version: str, folder: Path) -> None:
        """Bring a version's files into a folder; raises RegistryAway."""
        ...


class Warehouse:
    """Fetches versions in threads of its own. Its methods are for the poller's thread only.

    Args:
        root: The gateway's folder; each version lies in its `folder` below it.
        source: Where the files come from.
        trial: Says whether fetched files can be served.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, root: Path, source: Source, trial: Trial, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root, self._source, self._trial, self._clock = root, source, trial, clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="fetch")
        self._pending: dict[str, Future[Stock]] = {}
        self._failures: dict[str, int] = {}
        self._retry_at: dict[str, float] = {}
        self._out_of_use_since: dict[str, float] = {}
        self.stock: dict[str, Stock] = {}

    def adopt(self, held: Iterable[Held]) -> None:
        """Count what an earlier run left on disk as ready, and what it left unused as such."""
        for item in held:
            if (self._root / item.folder).is_dir():
                self.stock[item.folder] = Stock()
        for folder in (self._root / "models").glob("*/*"):
            self._out_of_use_since.setdefault(str(folder.relative_to(self._root)), self._clock())

    def want(self, wanted: Iterable[Held]) -> None:
        """Start to fetch what is neither ready nor under way; a failed one is tried again after a while."""
        for item in wanted:
            if item.folder in self._pending or self._clock() < self._retry_at.get(item.folder, 0.0):
                continue
            found = self.stock.get(item.folder)
            if found is None or found.error or not (self._root / item.folder).is_dir():
                self._pending[item.folder] = self._pool.submit(self._bring, item)

    @property
    def is_fetching(self) -> bool:
        """Whether something is under way."""
        return bool(self._pending)

    def collect(self, timeout_s: float) -> bool:
        """Take in what has been fetched, waiting for the first if something is under way.

        Returns:
            Whether something was taken in.
        """
        wait(self._pending.values(), timeout_s, return_when=FIRST_COMPLETED)
        done = [folder for folder, future in self._pending.items() if future.done()]
        for folder in done:
            self.stock[folder] = stock = self._pending.pop(folder).result()
            if stock.error:
                self._note_failure(folder)
            else:
                self._failures.pop(folder, None)
        return bool(done)

    def sweep(self, in_use: Iterable[str]) -> None:
        """Delete files that no route has meant for an hour."""
        now, used = self._clock(), set(in_use)
        for folder in used:
            self._out_of_use_since.pop(folder, None)
        for folder in self.stock.keys() - used:
            self._out_of_use_since.setdefault(folder, now)
        for folder in [folder for folder, since in self._out_of_use_since.items() if now - since > KEEP_S]:
            del self._out_of_use_since[folder]
            for noted in (self.stock, self._failures, self._retry_at):
                noted.pop(folder, None)
            shutil.rmtree(self._root / folder, ignore_errors=True)

    def _note_failure(self, folder: str) -> None:
        count = self._failures[folder] = self._failures.get(folder, 0) + 1
        self._retry_at[folder] = self._clock() + min(RETRY_S * 2 ** min(count - 1, 10), LONGEST_RETRY_S)

    def _bring(self, item: Held) -> Stock:
        target = self._root / item.folder
        try:
            if not target.is_dir():
                self._fetch(item, target)
            error = self._tried(item, target)
        except (RegistryAway, OSError) as failure:
            error = str(failure)
        except Exception as failure:  # the thread's edge: one version's fault must not stop the others
            _logger.exception("version %s of '%s' could not be brought", item.version, item.model)
            error = f"it could not be brought: {type(failure).__name__}: {failure}"
        if error:
            _logger.warning("version %s of '%s' cannot be served: %s", item.version, item.model, error)
            shutil.rmtree(target, ignore_errors=True)
        return Stock(error)

    def _tried(self, item: Held, target: Path) -> str | None:
        mark = target.with_name(f".{target.name}.loading")
        if mark.exists() and time.time() - mark.stat().st_mtime < CRASH_WAIT_S:
            return f"a worker died while it loaded this version; it is tried again {CRASH_WAIT_S:g} s later"
        mark.touch()
        try:
            return self._trial(item)
        finally:
            mark.unlink(missing_ok=True)

    def _fetch(self, item: Held, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.parent / f".{target.name}.{uuid4().hex}"
        temporary.mkdir()
        try:
            self._source.download(item.model, item.version, temporary)
            temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
