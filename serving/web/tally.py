"""What a worker counts, and the timer that brings the counts into the metrics."""

import sys
from resource import RUSAGE_SELF, getrusage

from serving.meters import Meter
from serving.metrics import FALLBACKS, REJECTIONS, Metrics
from serving.prediction_log.group_commit import GroupCommit
from serving.registry.poller import Poller
from serving.registry.table import ActiveRoute, Lane, Table
from serving.web.gate import Gate

RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


class Tally:
    """One worker's counts. For the event loop's thread only."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._meters: dict[tuple[str, str, str], Meter] = {}
        self._written = self._lost = self._polls = self._failures = 0
        for reason in REJECTIONS:
            metrics.rejected.labels(reason)

    def meter(self, lane: Lane) -> Meter:
        """The meter of a lane; the same for every load of the same version and variant."""
        key = (lane.held.model, lane.held.version, lane.variant)
        return self._meters.get(key) or self._meters.setdefault(key, Meter(self._metrics, *key))

    def rejected(self, reason: str) -> None:
        """Count a request that reached no model."""
        self._metrics.rejected.labels(reason).inc()

    def shadow_dropped(self, lane: Lane) -> None:
        """Count a shadow request that was not scored."""
        self._metrics.shadow_dropped.labels(lane.held.model, lane.held.version, lane.variant).inc()

    def fell_back(self, lane: Lane, reason: str) -> None:
        """Count a request that the champion answered in a lane's place."""
        self._metrics.fallbacks.labels(lane.held.model, lane.held.version, lane.variant, reason).inc()

    def swapped(self, before: Table, after: Table) -> None:
        """Bring a new routing table into the gauges."""
        old, new = _lanes(before), _lanes(after)
        for key, lane in new.items():
            swaps = self._metrics.model_swaps.labels(lane.held.model, lane.held.version, lane.variant)
            last = old.get(key)
            if last is not None and last.held != lane.held:
                swaps.inc()
        for lane in (lane for route in after.values() for lane in route.shadows):
            self._metrics.shadow_dropped.labels(lane.held.model, lane.held.version, lane.variant)
        for lane in (lane for route in after.values() for lane in route.challengers):
            for reason in FALLBACKS:
                self._metrics.fallbacks.labels(lane.held.model, lane.held.version, lane.variant, reason)
        for name in set(before) | set(after):
            route = after.get(name)
            self._metrics.route_problem.labels(name).set(bool(route and route.problems))

    def flush(self, commit: GroupCommit, in_flight: int, late_calls: int = 0) -> None:
        """Bring everything counted since the last flush into the metrics."""
        for meter in self._meters.values():
            meter.flush()
        self._metrics.in_flight.set(in_flight)
        self._metrics.late_calls.set(late_calls)
        self._metrics.log_records.inc(commit.written_lines - self._written)
        self._metrics.log_lost.inc(commit.lost_lines - self._lost)
        self._written, self._lost = commit.written_lines, commit.lost_lines

    def flush_gate(self, gate: Gate | None) -> None:
        """Bring the counts of who was let in into the metrics."""
        for caller, count in (gate.drain() if gate else {}).items():
            self._metrics.caller_requests.labels(caller).inc(count)

    def flush_poller(self, poller: Poller) -> None:
        """Bring the poller's counts into the metrics."""
        self._metrics.registry_polls.inc(poller.polls - self._polls)
        self._metrics.registry_failures.inc(poller.failures - self._failures)
        self._polls, self._failures = poller.polls, poller.failures
        if poller.polled_at_s:
            self._metrics.registry_polled.set(poller.polled_at_s)
        self._metrics.peak_bytes.set(getrusage(RUSAGE_SELF).ru_maxrss * RSS_UNIT_BYTES)


def _lanes(table: Table) -> dict[tuple[str, str], Lane]:
    return {(name, lane.variant): lane for name, route in table.items() for lane in _route_lanes(route)}


def _route_lanes(route: ActiveRoute) -> tuple[Lane, ...]:
    return tuple(lane for lane in (*route.lanes, *route.shadows) if lane)
