"""The names of all metrics of the gateway; labels come from resolved models, never from a request."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Metrics:
    """One worker's metrics, declared once in a process."""

    requests: Counter
    request_seconds: Histogram
    predictions: Counter
    in_flight: Gauge
    rejected: Counter
    model_loaded: Gauge
    model_swaps: Counter
    route_problem: Gauge
    late_calls: Gauge
    log_records: Counter
    log_lost: Counter
    shadow_dropped: Counter
    registry_polls: Counter
    registry_failures: Counter
    registry_polled: Gauge
    peak_bytes: Gauge


REJECTIONS = (
    "busy",
    "body_too_large",
    "client_left",
    "method",
    "no_version",
    "slow_body",
    "unknown_model",
    "unknown_path",
)
"""Why a request reached no model; each is exposed from the start, so that its first increase is seen."""


def declare(registry: CollectorRegistry) -> Metrics:
    """Make the metrics; with several processes they meet in the folder `PROMETHEUS_MULTIPROC_DIR`."""

    def counter(name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=registry)

    def gauge(name: str, text: str, *labels: str, mode: str) -> Gauge:
        return Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)

    lane = ("model", "version", "variant")
    return Metrics(
        requests=counter("penstock_requests_total", "Requests by the version that answered.", *lane, "code"),
        request_seconds=Histogram(
            "penstock_request_seconds",
            "Seconds from a request's arrival to its answer.",
            lane,
            registry=registry,
            buckets=LATENCY_BUCKETS_S,
        ),
        predictions=counter(
            "penstock_predictions_total", "Rows that were answered with a prediction.", *lane
        ),
        in_flight=gauge("penstock_requests_in_flight", "Requests being answered.", mode="livesum"),
        rejected=counter("penstock_rejected_total", "Requests that reached no model.", "reason"),
        model_loaded=gauge(
            "penstock_model_loaded",
            "1 while a version is loaded; scorer is plan or pyfunc, fallback says why it is no plan.",
            "model",
            "version",
            "scorer",
            "fallback",
            mode="livemax",
        ),
        model_swaps=counter("penstock_model_swaps_total", "Changes of the version behind a variant.", *lane),
        route_problem=gauge(
            "penstock_route_problem", "1 while something is wrong with a route.", "route", mode="livemax"
        ),
        late_calls=gauge(
            "penstock_late_calls",
            "Calls of models that still run, and hold a thread, though their time is over.",
            mode="livesum",
        ),
        log_records=counter("penstock_log_records_total", "Records written to the prediction log."),
        log_lost=counter("penstock_log_lost_total", "Answered requests that could not be logged."),
        shadow_dropped=counter(
            "penstock_shadow_dropped_total", "Shadow requests that were not scored.", *lane
        ),
        registry_polls=counter("penstock_registry_polls_total", "Polls of the registry."),
        registry_failures=counter(
            "penstock_registry_poll_failures_total", "Polls that the registry did not answer."
        ),
        registry_polled=gauge(
            "penstock_registry_polled_timestamp_seconds", "When the registry was last polled.", mode="livemax"
        ),
        peak_bytes=gauge(
            "penstock_worker_peak_bytes", "The most memory that each worker has held.", mode="liveall"
        ),
    )
