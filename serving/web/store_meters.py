"""What a worker counts of its versions in memory."""

from serving.metrics import Metrics
from serving.registry.slot import Facts, Slot
from serving.registry.store import Store

OUTCOMES = ("answered", "late", "failed")


class StoreMeters:
    """Brings what happens to versions into the metrics; a `serving.registry.store.Watch`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for outcome in OUTCOMES:
            metrics.cold_requests.labels(outcome)

    def loaded(self, slot: Slot) -> None:
        """Count a load, and show the version as loaded."""
        held = slot.held
        self._metrics.model_loads.labels(held.model, held.version, "loaded").inc()
        self._metrics.load_seconds.observe(slot.load_s)
        self._show(slot, 1)
        self._metrics.model_bytes.labels(held.model, held.version).set(slot.size_bytes)

    def failed(self, slot: Slot) -> None:
        """Count a load that failed."""
        self._metrics.model_loads.labels(slot.held.model, slot.held.version, "failed").inc()

    def emptied(self, slot: Slot, *, is_evicted: bool) -> None:
        """Show the version as not loaded; count it if it had to leave for another one."""
        held = slot.held
        self._show(slot, 0)
        self._metrics.model_bytes.labels(held.model, held.version).set(0)
        if is_evicted:
            self._metrics.model_evictions.labels(held.model, held.version).inc()

    def meant(self, slot: Slot, *, is_meant: bool) -> None:
        """Show a version that no route means as not loaded: it is about to leave."""
        self._show(slot, int(is_meant))

    def waited(self, slot: Slot, outcome: str) -> None:  # noqa: ARG002 - as the store tells it
        """Count a request for a version that was not loaded."""
        self._metrics.cold_requests.labels(outcome).inc()

    def flush(self, store: Store) -> None:
        """Show how many requests wait for a load now."""
        self._metrics.cold_waiting.set(store.waiting)

    def _show(self, slot: Slot, value: int) -> None:
        facts = slot.facts or Facts("plan", "", "", ())
        self._metrics.model_loaded.labels(slot.held.model, slot.held.version, facts.kind, facts.fallback).set(
            value
        )
