"""Each worker follows the snapshot's file: loads what is new in a thread, then swaps the routing table."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from serving.registry.shelf import Shelf
from serving.registry.snapshot import SnapshotError, held_versions, read
from serving.registry.table import Loaded, Table, build
from serving.scorers.load import LoadError

_logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.2
RETRY_S = 5.0

Stamp = tuple[int, int, int]
Swapped = Callable[[Table, Table], None]
"""Is told the table until now and the new one."""


class Follower:
    """Holds the worker's routing table and keeps it equal to the snapshot.

    Attributes:
        table: What requests are answered from; replaced whole, never changed.
        stages: The stage of each version of each registered model.
        is_loaded: Whether any snapshot has been read.
        problem: Why the snapshot's file cannot be read; None if it can.
    """

    def __init__(self, path: Path, shelf: Shelf, on_swap: Swapped) -> None:
        self.table: Table = {}
        self.stages: Mapping[str, Mapping[str, str]] = {}
        self.is_loaded = False
        self.problem: str | None = None
        self._path, self._shelf, self._on_swap = path, shelf, on_swap
        self._stamp: Stamp | None = None

    async def follow(self) -> None:
        """Look at the file a few times a second, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except Exception:  # the loop's edge: the table until now goes on answering
                _logger.exception("the registry's snapshot could not be followed")
                await asyncio.sleep(RETRY_S)

    async def look(self) -> None:
        """Take over the snapshot if its file has changed."""
        stamp = _stamp(self._path)
        if stamp is None or stamp == self._stamp:
            return
        fresh = await asyncio.to_thread(self._prepare)
        self._stamp = stamp
        if fresh is not None:
            before = self.table
            self.table, self.stages = fresh
            self.is_loaded = True
            self._on_swap(before, self.table)

    def _prepare(self) -> tuple[Table, Mapping[str, Mapping[str, str]]] | None:
        try:
            snapshot = read(self._path)
        except SnapshotError as error:
            self.problem = str(error)
            _logger.warning("%s", error)
            return None
        self.problem = None
        if snapshot is None:
            return None
        loaded: dict[str, Loaded] = {}
        for folder, held in held_versions(snapshot).items():
            try:
                loaded[folder] = self._shelf.load(held)
            except LoadError as error:
                _logger.warning("version %s of '%s': %s", held.version, held.model, error)
                loaded[folder] = str(error)
        return build(snapshot, loaded, self.table), snapshot.stages


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
