"""The names of all metrics of the gateway; labels come from resolved models, never from a request."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

LOAD_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Metrics:
    """One worker's metrics, declared once in a process."""

    requests: Counter
    request_seconds: Histogram
    predictions: Counter
    in_flight: Gauge
    rejected: Counter
    caller_requests: Counter
    model_loaded: Gauge
    model_bytes: Gauge
    model_loads: Counter
    model_evictions: Counter
    load_seconds: Histogram
    cold_requests: Counter
    cold_waiting: Gauge
    model_swaps: Counter
    route_problem: Gauge
    late_calls: Gauge
    log_records: Counter
    log_lost: Counter
    log_seal_failures: Counter
    log_backlog_files: Gauge
    log_backlog_bytes: Gauge
    log_backlog_age: Gauge
    feedback: Counter
    outcomes: Counter
    shadow_dropped: Counter
    fallbacks: Counter
    upstream_retries: Counter
    upstream_down: Gauge
    pyfunc_starts: Counter
    registry_polls: Counter
    registry_failures: Counter
    registry_polled: Gauge
    peak_bytes: Gauge


REJECTIONS = (
    "busy",
    "auth_away",
    "body_too_large",
    "client_left",
    "encoding",
    "feedback",
    "forbidden",
    "loading",
    "method",
    "no_version",
    "override",
    "rate_limited",
    "slow_body",
    "unauthenticated",
    "unknown_model",
    "unknown_path",
)
"""Why a request reached no model; each is exposed from the start, so that its first increase is seen."""


FALLBACKS = ("busy", "failed", "late", "unavailable")
"""Why a challenger did not answer, and the champion did."""


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
        caller_requests=counter(
            "penstock_caller_requests_total", "Requests let in, by the id of the key or the user.", "caller"
        ),
        model_loaded=gauge(
            "penstock_model_loaded",
            "1 while a version is loaded; scorer is plan, pyfunc or upstream, fallback says why no plan.",
            "model",
            "version",
            "scorer",
            "fallback",
            mode="livemax",
        ),
        model_bytes=gauge(
            "penstock_model_bytes",
            "Memory that a loaded version takes, of all workers; mapped files count for each.",
            "model",
            "version",
            mode="livesum",
        ),
        model_loads=counter(
            "penstock_model_loads_total",
            "Loads of a version into a worker's memory; outcome is loaded or failed.",
            "model",
            "version",
            "outcome",
        ),
        model_evictions=counter(
            "penstock_model_evictions_total",
            "Versions that left a worker's memory to make room for another.",
            "model",
            "version",
        ),
        load_seconds=Histogram(
            "penstock_model_load_seconds",
            "Seconds that a version's load took.",
            registry=registry,
            buckets=LOAD_BUCKETS_S,
        ),
        cold_requests=counter(
            "penstock_cold_requests_total",
            "Requests for a version that was not in memory; outcome is answered, late or failed.",
            "outcome",
        ),
        cold_waiting=gauge(
            "penstock_cold_requests_waiting", "Requests that wait for a version's load.", mode="livesum"
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
        log_seal_failures=counter(
            "penstock_log_upkeep_failures_total", "Rounds of sealing, merging and pruning that were refused."
        ),
        log_backlog_files=gauge(
            "penstock_log_backlog_files", "Sealed files that wait to be uploaded.", mode="livemax"
        ),
        log_backlog_bytes=gauge("penstock_log_backlog_bytes", "The bytes of those files.", mode="livemax"),
        log_backlog_age=gauge(
            "penstock_log_backlog_age_seconds", "How long the oldest of them has waited.", mode="livemax"
        ),
        feedback=counter(
            "penstock_feedback_total", "Outcomes sent to the gateway, by what became of them.", "result"
        ),
        outcomes=counter(
            "penstock_outcomes_total", "Accepted outcomes, by what sealing found them to be.", "kind"
        ),
        shadow_dropped=counter(
            "penstock_shadow_dropped_total", "Shadow requests that were not scored.", *lane
        ),
        fallbacks=counter(
            "penstock_fallbacks_total",
            "Requests that the champion answered in a challenger's place.",
            *lane,
            "reason",
        ),
        upstream_retries=counter(
            "penstock_upstream_retries_total", "Requests that were taken to another server.", "upstream"
        ),
        upstream_down=gauge(
            "penstock_upstream_down",
            "1 while a server is left out: its health checks fail, or its circuit is open.",
            "upstream",
            mode="livemax",
        ),
        pyfunc_starts=counter(
            "penstock_pyfunc_starts_total",
            "Starts of the process of a version's own code; each after the first follows its end.",
            "model",
            "version",
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
