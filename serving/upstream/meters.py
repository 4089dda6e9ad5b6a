"""What upstreams do, for the metrics: retries as they happen, and who is left out at each flush."""

import asyncio
from weakref import WeakSet

from prometheus_client import Counter, Gauge

from serving.upstream.upstream import Upstream


class UpstreamMeters:
    """Counts for one worker.

    Args:
        retries: Requests that were taken to another replica, by its name.
        down: 1 while a replica is asked no more, by its name.
    """

    def __init__(self, retries: Counter, down: Gauge) -> None:
        self._retries, self._down = retries, down
        self._watched: WeakSet[Upstream] = WeakSet()
        self._named: set[str] = set()

    def retried(self, name: str) -> None:
        """Count a retry."""
        self._retries.labels(name).inc()

    def watch(self, upstream: Upstream) -> None:
        """Show an upstream's replicas from the next flush on."""
        self._watched.add(upstream)
        for replica in upstream.replicas:
            self._retries.labels(replica.address.name)

    def flush(self) -> None:
        """Bring the replicas' state into the gauge; one that nobody has any more counts as up."""
        now, found = asyncio.get_running_loop().time(), dict[str, bool]()
        for upstream in tuple(self._watched):
            for replica in upstream.replicas:
                is_down = not replica.is_available(now)
                found[replica.address.name] = found.get(replica.address.name, False) or is_down
        for name in self._named - found.keys():
            self._down.labels(name).set(0)
        for name, is_down in found.items():
            self._down.labels(name).set(is_down)
        self._named = set(found)
