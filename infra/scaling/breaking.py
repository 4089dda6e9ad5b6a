"""Which part breaks first as calls and models grow, and what takes its place.

What a part bears is a working bound, chosen with room to spare, and no measurement; what is asked of it is
computed from measurements.
"""

from collections.abc import Callable
from dataclasses import dataclass

from infra.scaling.capacity import Asked, Needed


@dataclass(frozen=True, slots=True)
class Part:
    """One part and its bound.

    Attributes:
        name: What it is.
        unit: Of what it is asked to bear.
        bears: How much of that it does.
        asks: How much a load asks of it.
        instead: What takes its place.
    """

    name: str
    unit: str
    bears: float
    asks: Callable[[Asked, Needed], float]
    instead: str


PARTS = (
    Part(
        "one gateway worker",
        "cores",
        1.0,
        lambda _, need: need.gateway_cores,
        "more replicas behind a load balancer: the HorizontalPodAutoscaler of infra/kubernetes",
    ),
    Part(
        "polling MLflow for every model",
        "s of MLflow a poll",
        1.0,
        lambda _, need: need.poll_s_gateway,
        "a longer gateway_poll_s first; then changes pushed to a registry cache, sharded by model name",
    ),
    Part(
        "MLflow's server under all gateways' polls",
        "cores",
        4.0,
        lambda _, need: need.registry_cores,
        "one poller a zone that hands its snapshot on (registry.json over S3 or a topic), not one a gateway",
    ),
    Part(
        "every model in every gateway's memory",
        "GB a replica",
        8.0,
        lambda _, need: need.memory_gb_gateway,
        "gateways of shards of the models, by a consistent hash of the name at the load balancer",
    ),
    Part(
        "one scrape of all models' series",
        "s",
        10.0,
        lambda _, need: need.scrape_s_gateway,
        "fewer buckets, or recording per shard: a scrape must end within Prometheus' scrape_timeout of 10 s",
    ),
    Part(
        "one Prometheus",
        "GB scraped a day",
        400.0,
        lambda _, need: need.series_bytes_day / 1e9,
        "one Prometheus a shard, and Thanos or Mimir over them",
    ),
    Part(
        "sealed files of the log in a bucket",
        "files a day",
        1e6,
        lambda _, need: need.log_files_day,
        "a topic of Kafka with a partition a shard; one writer makes large Parquet files of it (Iceberg)",
    ),
    Part(
        "a day of the log on one disk",
        "GB raw a day",
        500.0,
        lambda _, need: need.log_raw_gb_day,
        "the log goes to Kafka at once, and the disk keeps minutes of it",
    ),
    Part(
        "drift on one machine",
        "cores",
        2.0,
        lambda _, need: need.drift_cores,
        "windows as queries of a warehouse (the profile's sums are additive), or a sample of a stated size",
    ),
    Part(
        "Penstock's tables",
        "rows of windows a month",
        50e6,
        lambda _, need: need.history_rows_month,
        "partitions by month in PostgreSQL, the oldest dropped; monitor_history_days bounds it already",
    ),
    Part(
        "trainings on one machine",
        "cores",
        8.0,
        lambda _, need: need.training_cores,
        "jobs as Kubernetes Jobs (infra/kubernetes) or on Dask; the queue stays",
    ),
    Part(
        "one load balancer",
        "Mbit/s",
        10_000.0,
        lambda _, need: need.network_mbit_s,
        "several, by DNS; and regions of their own, which share nothing but the registry",
    ),
)


def worn(asked: Asked, need: Needed) -> list[tuple[Part, float, float]]:
    """The parts that break first: each with what is asked of it, and that over what it bears; worst first."""
    found = [(part, part.asks(asked, need), part.asks(asked, need) / part.bears) for part in PARTS]
    return sorted(found, key=lambda one: -one[2])
