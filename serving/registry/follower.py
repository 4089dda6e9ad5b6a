"""Each worker follows the snapshot's file: has new versions loaded, then swaps the routing table.

A version that replaces one that is loaded takes over once it is loaded itself; until then the table keeps the
lane of before, and all other routes are swapped. In a route of which nothing is loaded a new version takes
its place at once, and is loaded with the first request, or earlier where there is room.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from serving.registry.footprint import estimate
from serving.registry.recent import Recent
from serving.registry.shelf import Shelf
from serving.registry.slot import Slot
from serving.registry.snapshot import EMPTY, Held, Snapshot, SnapshotError, held_versions, read
from serving.registry.store import SWAP, Store
from serving.registry.table import Lane, Loaded, Table, build

_logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.2
RETRY_S = 5.0
SETTLE_S = 10.0
"""A worker that starts says so in `/ready` for at most so long while it loads what fits into memory."""

Stamp = tuple[int, int, int]
Swapped = Callable[[Table, Table], None]
"""Is told the table until now and the new one."""


class Follower:
    """Holds the worker's routing table and keeps it equal to the snapshot. For one event loop.

    Args:
        path: The snapshot's file, in the gateway's folder.
        shelf: Holds what was tried last.
        store: Holds the versions.
        on_swap: Is told of each new table.
        recent: What an earlier run used last.

    Attributes:
        table: What requests are answered from; replaced whole, never changed.
        stages: The stage of each version of each registered model.
        is_loaded: Whether any snapshot has been read.
        problem: Why the snapshot's file cannot be read; None if it can.
        store: Holds the versions.
    """

    def __init__(
        self, path: Path, shelf: Shelf, store: Store, on_swap: Swapped, recent: Recent | None = None
    ) -> None:
        self.table: Table = {}
        self.stages: Mapping[str, Mapping[str, str]] = {}
        self.is_loaded = False
        self.problem: str | None = None
        self.store = store
        self._path, self._shelf, self._on_swap, self._recent = path, shelf, on_swap, recent or Recent()
        self._stamp: Stamp | None = None
        self._snapshot: Snapshot = EMPTY
        self._awaited: list[Slot] = []
        self._leased: list[Slot] = []
        self._news = 0
        self._settles_until = float("inf")

    @property
    def is_settling(self) -> bool:
        """Whether the first versions are still being fetched or loaded."""
        is_over = self._settles_until == 0.0 or time.monotonic() > self._settles_until
        return not is_over and (self.store.is_busy or _is_coming(self._snapshot))

    async def follow(self) -> None:
        """Look at the file a few times a second, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                self.store.tick()
                self._shelf.tidy()
                await self.look()
            except Exception:  # the loop's edge: the table until now goes on answering
                _logger.exception("the registry's snapshot could not be followed")
                await asyncio.sleep(RETRY_S)

    async def look(self) -> None:
        """Take over the snapshot if its file has changed, and the versions that have been loaded for it."""
        stamp = _stamp(self._path)
        is_new = stamp is not None and stamp != self._stamp
        if is_new:
            fresh = await asyncio.to_thread(self._read)
            self._stamp = stamp
            is_new = fresh is not None
            self._snapshot = self._snapshot if fresh is None else fresh
            # A snapshot is also written when files have been fetched again.
            self.store.forgive()
        if is_new or self._has_news():
            await self._swap()
        self._note_settled()

    async def settle(self, timeout_s: float) -> None:
        """Wait until what fits into memory is loaded, and is what answers; at most so long."""
        deadline = time.monotonic() + timeout_s
        while (self.store.is_busy or self._has_news()) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            await self.look()

    def _read(self) -> Snapshot | None:
        try:
            found = read(self._path)
        except SnapshotError as error:
            self.problem = str(error)
            _logger.warning("%s", error)
            return None
        self.problem = None
        return found

    def _has_news(self) -> bool:
        if self._news != self.store.news or any(slot.coming is None for slot in self._awaited):
            return True
        now = time.perf_counter()
        wanted = (self.store.slots.get(held) for held in held_versions(self._snapshot).values())
        return any(slot and slot.error and slot.coming is None and slot.retry_s <= now for slot in wanted)

    async def _swap(self) -> None:
        snapshot, self._news = self._snapshot, self.store.news
        held = held_versions(snapshot).values()
        await self._make_slots(held)
        slots = [self.store.slots[each] for each in held]
        loaded: dict[str, Loaded] = {slot.held.folder: slot.error or slot for slot in slots}
        joining = _joining(snapshot, self.table)
        self._awaited = [slot for slot in slots if _must_wait(slot, joining)]
        for slot in self._awaited:
            self.store.want(slot, SWAP)
            if not slot.error:
                loaded[slot.held.folder] = None
        before, leased = self.table, self._leased
        self._leased = _held_for_swap(snapshot, before, self._awaited)
        for slot in self._leased:
            slot.leases += 1
        self.table = await asyncio.to_thread(build, snapshot, loaded, before)
        for slot in leased:
            slot.leases -= 1
        self.stages = snapshot.stages
        self._on_swap(before, self.table)
        self._settle_memory()

    async def _make_slots(self, held: Iterable[Held]) -> None:
        new, root = [each for each in held if each not in self.store.slots], self._path.parent
        sizes = await asyncio.to_thread(lambda: [estimate(root / each.folder) for each in new])
        for each, size in zip(new, sizes, strict=True):
            size_bytes, load_s = self._recent.known.get(each.folder, (size, 0.0))
            self.store.slot(each, size_bytes=size_bytes, load_s=load_s)

    def _settle_memory(self) -> None:
        lanes = list(_lanes(self.table))
        self.store.keep({lane.held for lane in lanes} | {slot.held for slot in self._awaited})
        self.store.warm(self._recent.order({lane.held: lane.slot for lane in lanes}.values()))
        if lanes and self._settles_until == float("inf"):
            self._settles_until = time.monotonic() + SETTLE_S
        self.is_loaded = True
        self._note_settled()

    def _note_settled(self) -> None:
        if self.is_loaded and self.table and not self.is_settling:
            self._settles_until = 0.0


def _is_coming(snapshot: Snapshot) -> bool:
    """Whether a version that shall answer is still being fetched."""
    return any(state.is_coming for route in snapshot.routes.values() for state in route.variants)


def _must_wait(slot: Slot, joining: AbstractSet[Held]) -> bool:
    """Whether a version must be loaded before it takes a share of the traffic."""
    if slot.scorer is not None:
        return False
    if slot.error is not None:
        return slot.coming is not None or slot.retry_s <= time.perf_counter()
    return slot.held in joining


def _joining(snapshot: Snapshot, table: Table) -> set[Held]:
    """The versions that are new in a route of which something is loaded."""
    found: set[Held] = set()
    for name, state in snapshot.routes.items():
        lanes = list(_lanes({name: table[name]})) if name in table else []
        if any(lane.slot.scorer is not None for lane in lanes):
            here = {lane.held for lane in lanes}
            found |= {each.held for each in state.variants + state.shadows if each.held} - here
    return found


def _held_for_swap(snapshot: Snapshot, table: Table, awaited: Sequence[Slot]) -> list[Slot]:
    """What must stay loaded until the swap: what is loaded for it, and the routes' lanes of before."""
    coming = {slot.held for slot in awaited}
    held = list(awaited)
    for name, state in snapshot.routes.items():
        if name in table and any(each.held in coming for each in state.variants + state.shadows):
            held += [lane.slot for lane in _lanes({name: table[name]}) if lane.slot.scorer is not None]
    return held


def _lanes(table: Table) -> Iterator[Lane]:
    for route in table.values():
        yield from (lane for lane in (*route.lanes, *route.shadows) if lane)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
