"""What an extractor does in production: articles, hit rate of its cache, extraction times and memory."""

import math
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from projects.text.article import is_one
from projects.text.bulk import Extractor
from projects.text.cache import CacheStats

ENOUGH_HITS = 0.8
"""Below this hit rate the report says so."""
KEPT = 10_000
"""Of the newest extraction times, percentiles are taken."""
FEWEST = 100
"""Articles before a hit rate is judged: the first of each can be no hit."""
BUCKETS_S = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Of the histogram of times: from an article that is kept to one that a neural network reads."""

NO_CACHE = CacheStats(size=0, memory_bytes=0, hits=0, misses=0)


class ProductionMonitor:
    """Counts extractions. Safe for threads; a collector of prometheus_client (`registry.register(monitor)`).

    Args:
        extractor: Fitted; its cache's counts are in the report.
        clock: Seconds, monotonic.
    """

    def __init__(self, extractor: Any, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._extractor: Extractor = extractor
        self._clock = clock
        self._lock = threading.Lock()
        self._articles = self._bad = 0
        self._times_ms: deque[float] = deque(maxlen=KEPT)
        self._sum_s = self._slowest_ms = 0.0
        self._buckets = [0] * (len(BUCKETS_S) + 1)

    def transform(self, article: Any, use_cache: bool | None = None) -> Any:
        """Extract by the extractor's own `transform`, and count it."""
        started = self._clock()
        features = self._extractor.transform(article, use_cache=use_cache)
        self.track_extraction(article, features, 1000 * (self._clock() - started))
        return features

    def track_extraction(self, article: Any, features: Any, time_ms: float) -> None:
        """Count one extraction.

        Args:
            article: One, or several that were extracted in one call.
            features: Their numbers, shape (numbers,) or (articles, numbers).
            time_ms: What the call took; each of several articles is given its part.

        Raises:
            ValueError: The time is no number of 0 or more.
        """
        if not (math.isfinite(time_ms) and time_ms >= 0):
            raise ValueError(f"time_ms must be a number of 0 or more, not {time_ms!r}")
        rows = np.atleast_2d(np.asarray(features, dtype=np.float64))
        number = 1 if is_one(article) else len(article)
        if not number:
            return
        is_bad = rows.shape != (number, self._extractor.n_features_out_) or not np.isfinite(rows).all()
        each_ms = time_ms / number
        with self._lock:
            self._articles += number
            self._bad += number if is_bad else 0
            self._times_ms.extend([each_ms] * min(number, KEPT))
            self._sum_s += time_ms / 1000
            self._slowest_ms = max(self._slowest_ms, each_ms)
            self._buckets[bisect_left(BUCKETS_S, each_ms / 1000)] += number

    def report(self) -> dict[str, Any]:
        """Say what came so far.

        Returns:
            `articles_processed`; `cache_hit_rate` (0 to 1); `cache_size` (entries) and `cache_memory_mb`;
            `time_ms` an article with `mean`, `p50`, `p95`, `p99` of the newest 10,000 and `max` of all;
            `articles_per_second` by the time that extraction took; `memory_mb` of the process;
            `bad_features`, articles whose numbers were not finite or of another width; `warnings`, sentences.
        """
        stats = self._cache_stats()
        with self._lock:
            articles, bad, sum_s, slowest = self._articles, self._bad, self._sum_s, self._slowest_ms
            times = np.array(self._times_ms)
        percentiles = np.percentile(times, (50, 95, 99)) if len(times) else np.zeros(3)
        return {
            "articles_processed": articles,
            "cache_hit_rate": stats.hit_rate,
            "cache_size": stats.size,
            "cache_memory_mb": stats.memory_mb,
            "time_ms": {
                "mean": 1000 * sum_s / articles if articles else 0.0,
                **dict(zip(("p50", "p95", "p99"), map(float, percentiles), strict=True)),
                "max": slowest,
            },
            "articles_per_second": articles / sum_s if sum_s else 0.0,
            "memory_mb": memory_bytes() / 1e6,
            "bad_features": bad,
            "warnings": self._warnings(stats.hit_rate, stats.hits + stats.misses, bad, stats.problem),
        }

    def collect(self) -> Iterator[Any]:
        """Give the same as metrics, as prometheus_client asks for them."""
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        stats = self._cache_stats()
        with self._lock:
            bad, sum_s, counts = self._bad, self._sum_s, np.cumsum(self._buckets)
        bounds = [*map(str, BUCKETS_S), "+Inf"]
        yield HistogramMetricFamily(
            "penstock_text_extraction_seconds",
            "Time an article's extraction took.",
            buckets=list(zip(bounds, map(float, counts), strict=True)),
            sum_value=sum_s,
        )
        yield CounterMetricFamily(
            "penstock_text_bad_features", "Articles with numbers not finite or of another width.", value=bad
        )
        yield CounterMetricFamily(
            "penstock_text_cache_hits", "Articles found in the cache.", value=stats.hits
        )
        yield CounterMetricFamily(
            "penstock_text_cache_misses", "Articles not found in the cache.", value=stats.misses
        )
        yield GaugeMetricFamily("penstock_text_cache_bytes", "Memory of the cache.", value=stats.memory_bytes)
        yield GaugeMetricFamily(
            "penstock_text_cache_disk_bytes", "Disk of the cache.", value=stats.disk_bytes
        )

    def _cache_stats(self) -> CacheStats:
        cache = self._extractor.cache
        return cache.stats() if cache else NO_CACHE

    def _warnings(self, hit_rate: float, asked: int, bad: int, problem: str | None) -> list[str]:
        said = [problem] if problem else []
        if asked >= FEWEST and hit_rate < ENOUGH_HITS:
            said.append(
                f"the cache answered {hit_rate:.0%} of {asked:,} articles, {ENOUGH_HITS:.0%} are wanted: "
                "give it more memory (cache_bytes) or a folder (cache_dir), unless articles do not come again"
            )
        if bad:
            said.append(f"{bad:,} articles got numbers that are not finite or of another width: fit it again")
        return said


def memory_bytes() -> int:
    """Return the memory that this process holds; where the system does not say, the most it ever held."""
    import resource
    import sys

    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
