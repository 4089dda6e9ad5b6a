"""A worker's models in memory, put together: the store, its threads, and what was used last."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from serving.metrics import Metrics
from serving.registry import recent
from serving.registry.follower import Follower, Swapped
from serving.registry.loaders import Loaders
from serving.registry.shelf import Shelf
from serving.registry.snapshot import Held
from serving.registry.store import Store, StoreLimits
from serving.scorers.scorer import Scorer
from serving.settings import Settings
from serving.web.store_meters import StoreMeters

START_S = 5.0
"""A worker that starts loads what it can for so long before it answers; the rest follows."""

WAITING_SHARE = 0.5
"""Of a worker's places, those that requests for versions out of memory may wait in."""


class ModelMemory:
    """Holds one worker's models. For one event loop.

    Args:
        settings: How much it may hold.
        root: The gateway's folder.
        metrics: Where it is counted.
        load: Loads a version; raises LoadError.
    """

    def __init__(
        self, settings: Settings, root: Path, metrics: Metrics, load: Callable[[Held], Scorer]
    ) -> None:
        self._root, self._meters = root, StoreMeters(metrics)
        self.shelf = Shelf(load)
        limits = StoreLimits(
            model_bytes=settings.gateway_model_bytes,
            cold_s=settings.gateway_cold_ms / 1000,
            waiting=max(1, int(settings.gateway_max_in_flight * WAITING_SHARE)),
        )
        self.store = Store(Loaders(self.shelf.load), self._meters, limits)

    def follower(self, on_swap: Swapped) -> Follower:
        """What keeps the routing table, over this memory."""
        known = recent.read(self._root / recent.FILE)
        return Follower(self._root / "registry.json", self.shelf, self.store, on_swap, known)

    def keep_recent(self, is_mine: Callable[[], bool]) -> "asyncio.Task[None]":
        """Note now and then what was used last."""
        return asyncio.create_task(recent.keep(self._root / recent.FILE, self.store, is_mine))

    def flush(self) -> None:
        """Bring the counts into the metrics."""
        self._meters.flush(self.store)
