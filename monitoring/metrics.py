"""Every metric of the monitor.

The gauges of versions are made at each scrape from the newest results, so a version that leaves takes its
series with it.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

from monitoring.result import Result

TOP_COLUMNS = 20
VERSION = ["model", "version"]


class VersionGauges:
    """The gauges of the versions in the newest results."""

    def __init__(self, results: Callable[[], Iterable[Result]]) -> None:
        self._results = results

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What Prometheus reads."""
        rows = GaugeMetricFamily(
            "penstock_window_rows", "Predictions in the version's window.", labels=VERSION
        )
        share = GaugeMetricFamily(
            "penstock_drift_share", "Share of columns that drifted, 0 to 1.", labels=VERSION
        )
        detected = GaugeMetricFamily(
            "penstock_drift_detected", "1 if the share reached the setting drift_share.", labels=VERSION
        )
        column = GaugeMetricFamily(
            "penstock_column_drift",
            f"Distance of a column's window to its reference; the {TOP_COLUMNS} most drifted columns.",
            labels=[*VERSION, "column"],
        )
        for result in self._results():
            rows.add_metric(result.key, result.rows)
            if result.drift:
                share.add_metric(result.key, result.drift.share)
                detected.add_metric(result.key, float(result.is_drifted))
                for drifted in result.drift.columns[:TOP_COLUMNS]:
                    column.add_metric([*result.key, drifted.name], drifted.distance)
        yield from (rows, share, detected, column)


class MonitorMetrics:
    """What the monitor says of its own work."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.last_check = Gauge(
            "penstock_last_check_timestamp_seconds",
            "When the newest round over all models ended; 0 before the first.",
            registry=registry,
        )
        self.check_seconds = Histogram(
            "penstock_check_seconds",
            "Time that one version's check took.",
            buckets=(0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60),
            registry=registry,
        )
        self.check_errors = Counter(
            "penstock_check_errors_total", "Checks that failed.", ["model", "reason"], registry=registry
        )
        self.reports = Counter("penstock_reports_total", "Drift reports made.", ["model"], registry=registry)
