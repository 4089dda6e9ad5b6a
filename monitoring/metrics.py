"""Every metric of the monitor.

The gauges of lanes are made at each scrape from the newest results, so a lane that leaves takes its series
with it. What the monitor counts is there, at zero, from the moment a model is watched: a rate sees only
the second value of a series.
"""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

from monitoring.drift.verdict import Drift
from monitoring.quality.figures import Estimate, Quality
from monitoring.result import Result
from monitoring.retraining.journal import MEANINGS
from serving.processes import Member, ProcessFigures, descendants, this_process

log = logging.getLogger(__name__)

TOP_COLUMNS = 20
"""Columns of a lane that are told of: those that matter most."""
MOST_METRICS = 20
"""Metrics of a lane's quality, and business metrics, that are told of."""
MOST_LANES = 1_000
LANE = ("model", "version", "variant")

CHECK_REASONS = (
    "check",
    "history",
    "log",
    "loop",
    "no_reference",
    "registry",
    "report",
    "unknown_version",
)
OUTCOMES = ("better", "not_better", "failed", "cancelled")
BATCH_OUTCOMES = ("done", "failed", "cancelled")
RETRAINING_BUCKETS_S = (10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400)

_COLUMN, _METRIC = ("column",), ("metric",)
_LANE_GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "penstock_window_rows": ("Predictions in the live window.", ()),
    "penstock_drift_share": ("Share of the judged columns that drifted, 0 to 1.", ()),
    "penstock_drift_detected": ("1 if the share reached what the policy or the setting allows.", ()),
    "penstock_column_drift": (
        f"A column's distance to the reference, the {TOP_COLUMNS} columns that matter most.",
        _COLUMN,
    ),
    "penstock_column_missing_share": ("Share of the column's values that are missing.", _COLUMN),
    "penstock_column_unseen_share": ("Share of values that the reference has not.", _COLUMN),
    "penstock_column_out_of_range_share": ("Share of values beyond the reference's range.", _COLUMN),
    "penstock_prediction_drift": ("Distance of the predictions to the reference's.", ()),
    "penstock_stream_drift": ("1 while the detector on the stream alarms.", ()),
    "penstock_labelled_rows": ("Predictions of the window whose outcome is known.", ()),
    "penstock_quality": ("A metric of the task on labelled rows.", _METRIC),
    "penstock_quality_low": ("Lower end of its 95 % interval.", _METRIC),
    "penstock_quality_high": ("Upper end of its 95 % interval.", _METRIC),
    "penstock_quality_detected": ("1 if the quality is below what was asked or promised.", ()),
    "penstock_quality_estimate": ("A metric as estimated without outcomes.", _METRIC),
    "penstock_quality_estimate_error": (
        "Estimate less measured value, where outcomes came later.",
        _METRIC,
    ),
    "penstock_quality_estimate_detected": ("1 if the estimate is below what was asked or promised.", ()),
    "penstock_business": ("A business metric of the policy over the window.", _METRIC),
}


class Figure(NamedTuple):
    """One number of a lane: the gauge's name, the column or metric, if any, and the value."""

    name: str
    of: str
    value: float


class LaneGauges:
    """The gauges of the lanes in the newest results.

    Args:
        results: The newest results.
        now: Seconds since 1970, for the ages of versions.
    """

    def __init__(self, results: Callable[[], Iterable[Result]], now: Callable[[], float] = time.time) -> None:
        self._results, self._now = results, now
        self._untold = 0

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What Prometheus reads."""
        found = list(self._results())
        self._say_untold(max(0, len(found) - MOST_LANES))
        families = {
            name: GaugeMetricFamily(name, text, labels=[*LANE, *more])
            for name, (text, more) in _LANE_GAUGES.items()
        }
        for result in found[:MOST_LANES]:
            for figure in figures(result):
                _, more = _LANE_GAUGES[figure.name]
                families[figure.name].add_metric(
                    [*result.lane, *((figure.of,) if more else ())], figure.value
                )
        yield from families.values()
        yield self._ages(found[:MOST_LANES])
        yield GaugeMetricFamily(
            "penstock_lanes_untold", f"Lanes beyond {MOST_LANES}, without gauges.", value=self._untold
        )

    def _ages(self, results: Iterable[Result]) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "penstock_model_age_seconds",
            "Time since the version was registered.",
            labels=["model", "version", "stage"],
        )
        made = {(each.lane.model, each.lane.version, each.stage): each.made_s for each in results}
        for labels, made_s in made.items():
            if made_s is not None:
                family.add_metric(list(labels), max(0.0, self._now() - made_s))
        return family

    def _say_untold(self, count: int) -> None:
        if count and not self._untold:
            log.warning("%d lanes are more than %d and have no gauges", count, MOST_LANES)
        self._untold = count


def figures(result: Result) -> Iterator[Figure]:
    """The numbers of a lane's newest result that are told of; what is unknown is left out.

    Args:
        result: The lane's newest result.
    """
    for name, of, value in _all_figures(result):
        if value is not None and math.isfinite(value):
            yield Figure(name, of, float(value))


def _all_figures(result: Result) -> Iterator[tuple[str, str, float | None]]:
    yield "penstock_window_rows", "", result.rows
    yield "penstock_stream_drift", "", result.stream is not None
    if result.drift:
        yield "penstock_drift_detected", "", result.is_drifted
        yield from _of_drift(result.drift)
    if result.quality:
        yield "penstock_quality_detected", "", result.is_bad
        yield from _of_quality(result.quality)
    if result.estimate:
        yield "penstock_quality_estimate_detected", "", result.is_estimate_bad
        yield from _of_estimate(result.estimate)
    if result.business:
        for name, value in list(result.business.metrics.items())[:MOST_METRICS]:
            yield "penstock_business", name, value


def _of_drift(drift: Drift) -> Iterator[tuple[str, str, float | None]]:
    yield "penstock_drift_share", "", drift.share
    if drift.prediction:
        yield "penstock_prediction_drift", "", drift.prediction.distance
    for column in drift.ranked[:TOP_COLUMNS]:
        yield "penstock_column_drift", column.name, column.distance
        yield "penstock_column_missing_share", column.name, column.missing_share
        yield "penstock_column_unseen_share", column.name, column.unseen_share
        yield "penstock_column_out_of_range_share", column.name, column.out_of_range_share


def _of_quality(quality: Quality) -> Iterator[tuple[str, str, float | None]]:
    yield "penstock_labelled_rows", "", quality.labelled
    for name, score in list(quality.metrics.items())[:MOST_METRICS]:
        yield "penstock_quality", name, score.value
        yield "penstock_quality_low", name, score.low
        yield "penstock_quality_high", name, score.high


def _of_estimate(estimate: Estimate) -> Iterator[tuple[str, str, float | None]]:
    for name, score in list(estimate.metrics.items())[:MOST_METRICS]:
        yield "penstock_quality_estimate", name, score.value
    for name, error in list(estimate.error.items())[:MOST_METRICS]:
        yield "penstock_quality_estimate_error", name, error


class MonitorMetrics:
    """What the monitor says of its own work, and the loop of its retrainings."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=registry)

        self.last_check = gauge(
            "penstock_last_check_timestamp_seconds",
            "When the newest round over all models ended; 0 before the first.",
        )
        self.check_seconds = Histogram(
            "penstock_check_seconds",
            "Time that one lane's check took.",
            buckets=(0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60),
            registry=registry,
        )
        self.check_errors = counter("penstock_check_errors_total", "Checks that failed.", "model", "reason")
        self.reports = counter("penstock_reports_total", "Reports made.", "model")
        self.closed_windows = counter(
            "penstock_closed_windows_total", "Windows that were judged after they closed.", "model"
        )
        self.broken_files = gauge(
            "penstock_log_broken_files", "Files of the prediction log that the newest round could not read."
        )
        self.standby = gauge("penstock_monitor_standby", "1 while another monitor does the work.")
        self.decisions = counter("penstock_decisions_total", "Decisions on retraining.", "model", "decision")
        self.retrainings = counter(
            "penstock_retrainings_total", "Retrainings that ended.", "model", "outcome"
        )
        self.retraining_seconds = Histogram(
            "penstock_retraining_seconds",
            "Time from a retraining's start to its end.",
            buckets=RETRAINING_BUCKETS_S,
            registry=registry,
        )
        self.retraining_running = gauge("penstock_retraining_running", "1 while a retraining runs.", "model")
        self.last_retraining = gauge(
            "penstock_last_retraining_timestamp_seconds",
            "When the last retraining with this outcome ended; 0 where none has.",
            "model",
            "outcome",
        )
        self.batch_runs = counter(
            "penstock_batch_runs_total", "Scheduled batch scorings that ended.", "model", "outcome"
        )
        self.canary_step = gauge(
            "penstock_canary_step",
            "Percent of the traffic that the canary has; 0 where there is none.",
            "model",
        )
        self._watched: set[str] = set()
        for reason in CHECK_REASONS:
            self.check_errors.labels("", reason)

    def watch(self, models: Iterable[str]) -> None:
        """Make the series of models that are new, at zero, and drop those of models that are gone.

        Args:
            models: All registered models; to be told in each round.
        """
        wanted = set(models)
        for model in sorted(wanted - self._watched):
            self._begin(model)
        for model in self._watched - wanted:
            self._end(model)
        self._watched = wanted

    def _begin(self, model: str) -> None:
        for family in (self.reports, self.closed_windows, self.retraining_running, self.canary_step):
            family.labels(model)
        for families, seconds in (
            ((self.check_errors,), CHECK_REASONS),
            ((self.decisions,), tuple(MEANINGS)),
            ((self.retrainings, self.last_retraining), OUTCOMES),
            ((self.batch_runs,), BATCH_OUTCOMES),
        ):
            for family in families:
                for second in seconds:
                    family.labels(model, second)

    def _end(self, model: str) -> None:
        for family in (
            self.reports,
            self.closed_windows,
            self.retraining_running,
            self.canary_step,
            self.check_errors,
            self.decisions,
            self.retrainings,
            self.last_retraining,
            self.batch_runs,
        ):
            family.remove_by_labels({"model": model})


def process_figures() -> ProcessFigures:
    """What the monitor and the runs that it has started (`part="run"`) take of the machine."""
    own = this_process("monitor")

    def members() -> list[Member]:
        return [own, *descendants(own, "run")]

    return ProcessFigures(members)
