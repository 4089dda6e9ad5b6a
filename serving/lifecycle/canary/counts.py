"""What the gateway has counted for a lane: requests, failures, refusals and how long they took.

The source is the gateway's `/metrics`, which sums its workers. The prediction log would not do: it holds
answered requests alone, so a challenger that fails would look well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from prometheus_client.parser import text_string_to_metric_families

REQUESTS, SECONDS = "penstock_requests", "penstock_request_seconds"
INFINITE = float("inf")


class LaneName(NamedTuple):
    """What a lane is counted by."""

    model: str
    version: str
    variant: str

    def __str__(self) -> str:
        return f"version {self.version} of '{self.model}'"


@dataclass(frozen=True, slots=True)
class Counts:
    """A lane's counts, since the gateway's start or between two readings.

    Attributes:
        requests: All requests.
        failed: Those answered with 5xx, or by the champion in the lane's place.
        refused: Those answered with 4xx.
        buckets: How many took at most so many seconds, by the bound; the last bound is infinite.
    """

    requests: float = 0
    failed: float = 0
    refused: float = 0
    buckets: Mapping[float, float] = field(default_factory=dict)

    def since(self, earlier: Self) -> Self:
        """What was counted since an earlier reading; all of it where the counters began anew in between."""
        if self.requests < earlier.requests:
            return self
        return type(self)(
            self.requests - earlier.requests,
            self.failed - earlier.failed,
            self.refused - earlier.refused,
            {bound: count - earlier.buckets.get(bound, 0) for bound, count in self.buckets.items()},
        )

    def plus(self, other: Self) -> Self:
        """The sum of two gateways' counts."""
        bounds = sorted({*self.buckets, *other.buckets})
        return type(self)(
            self.requests + other.requests,
            self.failed + other.failed,
            self.refused + other.refused,
            {bound: self.buckets.get(bound, 0) + other.buckets.get(bound, 0) for bound in bounds},
        )

    def quantile(self, q: float) -> float | None:
        """The seconds that a share of the requests stayed below; None without any.

        Within a bucket requests count as evenly spread, as in Prometheus's `histogram_quantile`.
        """
        bounds = sorted(self.buckets)
        if not bounds or not self.buckets[bounds[-1]]:
            return None
        rank = q * self.buckets[bounds[-1]]
        lower, below = 0.0, 0.0
        for bound in bounds:
            count = self.buckets[bound]
            if count >= rank:
                return (
                    lower if bound == INFINITE else _between(lower, bound, (rank - below) / (count - below))
                )
            lower, below = bound, count
        return lower


def read_counts(text: str, lanes: Iterable[LaneName]) -> dict[LaneName, Counts]:
    """The counts of some lanes in the text of a gateway's `/metrics`."""
    found = {lane: _Sums() for lane in lanes}
    for family in text_string_to_metric_families(text):
        if family.name not in (REQUESTS, SECONDS):
            continue
        for sample in family.samples:
            labels = sample.labels
            lane = LaneName(labels.get("model", ""), labels.get("version", ""), labels.get("variant", ""))
            if lane in found:
                found[lane].add(sample.name, labels, sample.value)
    return {lane: sums.counts() for lane, sums in found.items()}


class _Sums:
    def __init__(self) -> None:
        self._codes: dict[str, float] = {}
        self._buckets: dict[float, float] = {}

    def add(self, name: str, labels: Mapping[str, str], value: float) -> None:
        if name == f"{REQUESTS}_total":
            kind = labels["code"][:1]
            self._codes[kind] = self._codes.get(kind, 0) + value
        elif name == f"{SECONDS}_bucket":
            bound = float(labels["le"])
            self._buckets[bound] = self._buckets.get(bound, 0) + value

    def counts(self) -> Counts:
        total = sum(self._codes.values())
        return Counts(total, self._codes.get("5", 0), self._codes.get("4", 0), self._buckets)


def _between(lower: float, upper: float, part: float) -> float:
    return lower + (upper - lower) * part
