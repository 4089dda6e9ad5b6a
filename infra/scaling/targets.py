"""How many requests one replica should be answering: what the Kubernetes files state, in one place.

`infra/SCALING.md` derives them from the queueing model; `tests/infra/test_autoscaling_target.py` holds them
and `infra/kubernetes` equal.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AutoscalingTarget:
    """What one HorizontalPodAutoscaler is told.

    Attributes:
        workload: The Deployment's name.
        metric: What a pod is asked about, as the autoscaler names it.
        query: How Prometheus' adapter answers that: the mean of a minute. A gauge that is read every 15 s
            would be noise (a mean of 2 from four readings is off by 61 %); seconds that are added up are not.
        in_flight: The requests that a replica of one core should be answering, on average.
        least: Replicas at the least.
        most: Replicas at the most.
    """

    workload: str
    metric: str
    query: str
    in_flight: float
    least: int
    most: int


def _mean(seconds: str) -> str:
    return f"sum(rate({seconds}{{<<.LabelMatchers>>}}[1m])) by (<<.GroupBy>>)"


GATEWAY = AutoscalingTarget(
    "gateway", "penstock_requests_in_flight", _mean("penstock_request_seconds_sum"), 4.0, 2, 20
)
"""By Little's law, requests a second times seconds a request is the mean number of requests in flight."""

MODEL_SERVER = AutoscalingTarget(
    "model-server",
    "penstock_model_server_requests_in_flight",
    _mean("penstock_model_server_request_seconds_total"),
    2.0,
    2,
    40,
)

SCALE_DOWN_STABILIZATION_S = 300.0
"""Kubernetes' default: the highest recommendation of so long counts."""

TARGETS = (GATEWAY, MODEL_SERVER)
