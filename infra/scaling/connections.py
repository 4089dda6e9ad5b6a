"""How many connections PostgreSQL has to take: the sum of all pools' bounds, at the most replicas.

A pool opens connections as they are needed and refuses beyond its bound, so PostgreSQL is never asked for
more than the sum; `max_connections` stands above it in `docker-compose.yml` and `infra/kubernetes`, and
`tests/infra/test_connections.py` adds those files up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from serving.lifecycle.engines import MOST_CONNECTIONS

RESERVED = 3
"""PostgreSQL keeps so many for superusers (`superuser_reserved_connections`)."""
BACKEND_BYTES = 2_300_000
"""What a connection is counted with; once it has read all of Penstock's tables it takes 1.8 MB."""

MLFLOW_ENGINES = 3
"""In each of its workers MLflow has a pool for runs, one for the registry and one for its users."""
MLFLOW_PARENT = 2
"""The process that starts the workers has looked at the first two, one connection each, and keeps them."""
POOL_SIZE, OVERFLOW = "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW"

PROCESSES: Mapping[str, int] = {"gateway": 1, "api": 1, "monitor": 1, "jobs": 1}
"""Processes of Penstock's that have a pool, in each replica and without what they start."""
TIMED: Mapping[str, int] = {"setup": 3, "tools": 6, "backup": 6, "restore": 6}
"""Commands that end: one or two connections to each of three databases. A restore runs alone."""


@dataclass(frozen=True, slots=True)
class Running:
    """One kind of process, as compose or Kubernetes runs it.

    Attributes:
        replicas: How many, at the most.
        started: The processes with pools that each starts beside its own: gateway workers but the first, jobs
            at once and one that somebody waits for, retrainings and batch scorings at once.
    """

    replicas: int = 1
    started: int = 0


def of_penstock(name: str, running: Running) -> int:
    """What one kind of Penstock's processes may open."""
    if name in TIMED:
        return TIMED[name] * running.replicas
    return (PROCESSES[name] + running.started) * MOST_CONNECTIONS * running.replicas


def of_mlflow(replicas: int, workers: int, pool_size: int, overflow: int) -> int:
    """What MLflow's servers may open."""
    return replicas * (workers * MLFLOW_ENGINES * (pool_size + overflow) + MLFLOW_PARENT)


def gateways_within(max_connections: int, others: int) -> int:
    """How many gateways of one worker fit beside all others; from the next one on a PgBouncer is due."""
    return (max_connections - RESERVED - others) // MOST_CONNECTIONS
