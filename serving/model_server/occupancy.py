"""How many requests a model server is answering: now, and added up over time, so that a rate is their mean.

A gauge that is read every 15 s misses most of what happens between; the rate of the added-up seconds is the
exact mean of any interval, which is what autoscaling needs.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


class Occupancy:
    """Counts requests and the seconds that they have been in. For one event loop; read from any thread.

    Args:
        clock: Seconds, monotonic.

    Attributes:
        count: Requests being answered.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.count = 0
        self._clock = clock
        self._seconds, self._since = 0.0, clock()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request while it is answered."""
        self._change(+1)
        try:
            yield
        finally:
            self._change(-1)

    def seconds(self) -> float:
        """The time that all requests together have been in, those of now included."""
        return self._seconds + self.count * (self._clock() - self._since)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        yield GaugeMetricFamily(
            "penstock_model_server_requests_in_flight", "Requests being answered.", self.count
        )
        yield CounterMetricFamily(
            "penstock_model_server_request_seconds_total",
            "Seconds that requests have been in; its rate is how many are in on average.",
            self.seconds(),
        )

    def _change(self, by: int) -> None:
        now = self._clock()
        self._seconds += self.count * (now - self._since)
        self._since, self.count = now, self.count + by
