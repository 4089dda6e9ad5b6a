"""How many predictions a lane answered and how fast, counted over any number of rows in little memory.

Latencies go into buckets whose edges lie 2 % apart, so a percentile is right within 1 %.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

STEP = 1.02
_LOG_STEP = float(np.log(STEP))
_BUCKETS = 1_200
"""From a microsecond to about six hours."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a lane answered in a window.

    Attributes:
        rows: Predictions.
        per_second: Predictions a second.
        p50_ms: Half of the answers took at most so long; None without rows.
        p99_ms: 99 of 100 answers took at most so long.
    """

    rows: int
    per_second: float
    p50_ms: float | None
    p99_ms: float | None


@dataclass(slots=True)
class TrafficMeter:
    """Counts latencies of a lane."""

    rows: int = 0
    _counts: Any = field(default_factory=lambda: np.zeros(_BUCKETS, np.int64))

    def add(self, latency_us: pa.ChunkedArray) -> None:
        """Count rows by their latencies in microseconds; a latency that is none counts as a row."""
        self.rows += len(latency_us)
        micros = np.maximum(latency_us.drop_null().to_numpy().astype(np.float64), 1.0)
        places = np.minimum((np.log(micros) / _LOG_STEP).astype(np.int64), _BUCKETS - 1)
        self._counts += np.bincount(places, minlength=_BUCKETS)

    def traffic(self, seconds: float) -> Traffic:
        """What was counted, over so many seconds."""
        rate = self.rows / seconds if seconds > 0 else 0.0
        return Traffic(self.rows, rate, self._percentile_ms(0.5), self._percentile_ms(0.99))

    def _percentile_ms(self, share: float) -> float | None:
        counted = int(self._counts.sum())
        if not counted:
            return None
        place = int(np.searchsorted(np.cumsum(self._counts), np.ceil(share * counted)))
        return float(np.exp((place + 0.5) * _LOG_STEP)) / 1000.0
