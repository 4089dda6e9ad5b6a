"""Counts of the hot path in plain numbers, brought into the metrics by a timer.

A labelled metric that several processes share costs a microsecond or two for each change. Here a request
costs a few additions, and `flush` writes the sums a few times a second.
"""

from bisect import bisect_left

from serving.metrics import LATENCY_BUCKETS_S, Metrics


class Meter:
    """The counts of one variant of one version, in one worker; for the event loop's thread only."""

    def __init__(self, metrics: Metrics, model: str, version: str, variant: str) -> None:
        self._labels = (model, version, variant)
        self._requests = metrics.requests
        self._predictions = metrics.predictions.labels(*self._labels)
        self._histogram = metrics.request_seconds.labels(*self._labels)
        self._codes: dict[int, int] = {}
        self._rows = 0
        self._sum_s = 0.0
        self._buckets = [0] * (len(LATENCY_BUCKETS_S) + 1)

    def answered(self, code: int, rows: int, seconds: float) -> None:
        """Count one answer."""
        self._codes[code] = self._codes.get(code, 0) + 1
        self._rows += rows
        self._sum_s += seconds
        self._buckets[bisect_left(LATENCY_BUCKETS_S, seconds)] += 1

    def flush(self) -> None:
        """Add what was counted since the last flush to the metrics."""
        if not self._codes:
            return
        for code, count in self._codes.items():
            self._requests.labels(*self._labels, str(code)).inc(count)
        self._predictions.inc(self._rows)
        # The library has no call for many observations at once; these are what `observe` itself changes.
        self._histogram._sum.inc(self._sum_s)  # noqa: SLF001
        for bucket, count in zip(self._histogram._buckets, self._buckets, strict=True):  # noqa: SLF001
            if count:
                bucket.inc(count)
        self._codes, self._rows, self._sum_s = {}, 0, 0.0
        self._buckets = [0] * len(self._buckets)
