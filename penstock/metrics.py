"""The API's `/metrics`: what it answered, and the figures of success, in Prometheus's text format."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector

from penstock.jobs import meters
from penstock.metering.answers import BUCKETS_S, Answers, Timed
from penstock.problems import Problem
from serving.lifecycle.errors import LifecycleError

if TYPE_CHECKING:
    from penstock.desk import Desk
    from penstock.services.figures import Figures


def exposition(desk: "Desk") -> bytes:
    """The text of `/metrics`; not for the event loop."""
    registry = CollectorRegistry()
    registry.register(AnswersCollector(desk.answers))
    registry.register(FiguresCollector(desk))
    registry.register(JobsCollector(desk))
    ProcessCollector(registry=registry)
    text: bytes = generate_latest(registry)
    return text


class AnswersCollector:
    """What the API answered."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def collect(self) -> Iterator[Metric]:
        """Its metrics."""
        requests = CounterMetricFamily(
            "penstock_api_requests_total", "Requests by route and status.", labels=("method", "route", "code")
        )
        for (method, route, status), count in self._answers.statuses().items():
            requests.add_metric((method, route, str(status)), count)
        yield requests
        seconds = HistogramMetricFamily(
            "penstock_api_request_seconds", "Seconds from a request's arrival to its answer's end.",
            labels=("method", "route"),
        )  # fmt: skip
        for labels, timed in self._answers.timed().items():
            seconds.add_metric(labels, _buckets(timed), timed.total_s)
        yield seconds


class FiguresCollector:
    """The figures of success."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Its metrics; those that cannot be told are left out, and one says whether any are."""
        try:
            figures = self._desk.figures.current()
        except Problem:
            yield _gauge("penstock_figures_missing", "Figures that could not be taken.", 1)
            return
        yield _gauge("penstock_figures_missing", "Figures that could not be taken.", len(figures.missing))
        yield from _people(figures)
        yield from _serving(figures)
        yield from _machine(figures)


class JobsCollector:
    """The jobs."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Their metrics; none while the database is away, which the figures tell of."""
        with suppress(LifecycleError):
            yield from meters.collect(self._desk)


def _people(figures: "Figures") -> Iterator[Metric]:
    active = GaugeMetricFamily(
        "penstock_active_users", "People who did anything within a span.", labels=("span",)
    )
    active.add_metric(("day",), figures.slow.active_day)
    active.add_metric(("week",), figures.slow.active_week)
    yield active
    yield _gauge("penstock_projects", "Projects.", figures.counts.projects)
    yield _gauge("penstock_datasets", "Data sets that were not removed.", figures.counts.datasets)
    jobs = GaugeMetricFamily("penstock_jobs", "Jobs by state.", labels=("state",))
    for state, count in figures.counts.jobs.items():
        jobs.add_metric((state,), count)
    yield jobs
    if figures.slow.to_production_s is not None:
        text = "The median time from a model's first job to its first version in production."
        yield _gauge("penstock_requirement_to_production_seconds", text, figures.slow.to_production_s)
    cost = GaugeMetricFamily("penstock_usage_cost", "Cost of the last thirty days.", labels=("currency",))
    cost.add_metric((figures.currency,), figures.slow.cost)
    yield cost


def _serving(figures: "Figures") -> Iterator[Metric]:
    yield _gauge("penstock_models", "Registered models.", figures.models)
    yield _gauge("penstock_models_in_production", "Versions in production.", figures.in_production)
    if figures.served is not None:
        text = "Rows that the gateways answered since they started."
        yield _gauge("penstock_predictions_served", text, figures.served.predictions)
    if figures.predictions_per_s is not None:
        yield _gauge(
            "penstock_predictions_per_second", "Rows that the gateways answer now.", figures.predictions_per_s
        )
    yield _gauge("penstock_api_per_second", "Recent answers of the API a second.", figures.api_per_s)
    yield _gauge("penstock_api_uptime_seconds", "For how long the API has been up.", figures.uptime_s)
    spent = GaugeMetricFamily(
        "penstock_api_recent_seconds", "Seconds that recent answers took.", labels=("quantile",)
    )
    for quantile, seconds in (("0.5", figures.api_p50_s), ("0.99", figures.api_p99_s)):
        if seconds is not None:
            spent.add_metric((quantile,), seconds)
    yield spent


def _machine(figures: "Figures") -> Iterator[Metric]:
    used = figures.hardware
    yield _gauge(
        "penstock_memory_used_bytes", "Of the machine's memory, by all processes.", used.memory_used_bytes
    )
    yield _gauge("penstock_memory_total_bytes", "The machine's memory.", used.memory_total_bytes)
    yield _gauge("penstock_cpu_used_share", "Of all cores, 0 to 1.", used.cpu_share)
    yield _gauge("penstock_gpus", "GPUs of the machine.", len(used.gpus))
    shares = GaugeMetricFamily("penstock_gpu_used_share", "Of a GPU's time, 0 to 1.", labels=("gpu",))
    held = GaugeMetricFamily("penstock_gpu_memory_used_bytes", "Of a GPU's memory.", labels=("gpu",))
    for place, gpu in enumerate(used.gpus):
        shares.add_metric((str(place),), gpu.used_share)
        held.add_metric((str(place),), gpu.used_bytes)
    yield shares
    yield held


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _buckets(timed: Timed) -> list[tuple[str, float]]:
    bounds = [*map(str, BUCKETS_S), "+Inf"]
    return list(zip(bounds, accumulate(timed.counts), strict=True))
