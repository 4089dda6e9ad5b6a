"""What was used last, as a small file: a worker that starts loads it first, and knows what it takes."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from serving.registry.slot import Slot
from serving.registry.store import Store

_logger = logging.getLogger(__name__)

FILE = "recent.json"
WRITE_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Recent:
    """Versions by folder, the last used first, each with its bytes of memory and its load's seconds."""

    known: Mapping[str, tuple[int, float]] = field(default_factory=dict)

    def order(self, slots: Iterable[Slot]) -> list[Slot]:
        """The slots, the last used first and the unknown ones last."""
        ranks = {folder: rank for rank, folder in enumerate(self.known)}
        return sorted(slots, key=lambda slot: ranks.get(slot.held.folder, len(ranks)))


def read(path: Path) -> Recent:
    """Read the file; empty if there is none that can be read, for then nothing is lost but an order."""
    try:
        entries = orjson.loads(path.read_bytes())
        return Recent({str(folder): (int(size), float(load_s)) for folder, size, load_s in entries})
    except (OSError, ValueError, TypeError):
        return Recent()


def of(store: Store) -> Recent:
    """What a worker has in memory."""
    held = [slot for slot in store.slots.values() if slot.scorer is not None]
    held.sort(key=lambda slot: slot.used_s, reverse=True)
    return Recent({slot.held.folder: (slot.size_bytes, slot.load_s) for slot in held})


def write(path: Path, recent: Recent) -> None:
    """Put the file in place in one step."""
    entries = [(folder, size, load_s) for folder, (size, load_s) in recent.known.items()]
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(orjson.dumps(entries))
    temporary.replace(path)


async def keep(path: Path, store: Store, is_mine: Callable[[], bool]) -> None:
    """Write the file now and then, for ever.

    Args:
        path: Its place.
        store: What is in memory.
        is_mine: Whether this worker is the one that writes it.
    """
    before = Recent()
    while True:
        await asyncio.sleep(WRITE_EVERY_S)
        now = of(store)
        if now == before or not now.known or not is_mine():
            continue
        try:
            await asyncio.to_thread(write, path, now)
            before = now
        except OSError as error:
            _logger.warning("what was used last cannot be noted: %s", error)
