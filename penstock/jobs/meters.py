"""Jobs as Prometheus metrics, counted in the database: the same from any process and after any restart."""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from penstock.desk import Desk
from penstock.jobs.job import OPEN, STATES
from penstock.jobs.store import JOBS

MOST_USERS = 20
"""Users with a label of their own, those with most jobs; the others are `(others)` together."""
OTHERS = "(others)"
BUCKETS_S = (1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0)


def collect(desk: Desk) -> list[Metric]:
    """The metrics of all jobs.

    Raises:
        LifecycleError: The database refuses.
    """
    with desk.database.begin(is_read_only=True) as connection:
        return [*_queued(connection), _running(connection), *_ended(connection)]


def _queued(connection: sa.Connection) -> Iterator[Metric]:
    count, oldest = sa.func.count().label("waiting"), sa.func.min(JOBS.c.created_s).label("oldest_s")
    query = sa.select(JOBS.c.owner, count, oldest).where(JOBS.c.state == "pending").group_by(JOBS.c.owner)
    rows = sorted(connection.execute(query), key=lambda row: (-row.waiting, row.owner))
    queued = GaugeMetricFamily("penstock_jobs_queued", "Jobs that wait, by user.", labels=("user",))
    for row in rows[:MOST_USERS]:
        queued.add_metric((row.owner,), row.waiting)
    if rest := rows[MOST_USERS:]:
        queued.add_metric((OTHERS,), sum(row.waiting for row in rest))
    yield queued
    came_s = min((row.oldest_s for row in rows), default=0.0)
    words = "When the job came that waits longest, in seconds since 1970; 0 for none."
    yield GaugeMetricFamily("penstock_jobs_oldest_queued_timestamp_seconds", words, value=came_s)


def _running(connection: sa.Connection) -> Metric:
    query = sa.select(sa.func.count()).where(JOBS.c.state == "running")
    return GaugeMetricFamily("penstock_jobs_running", "Jobs that run.", value=connection.scalar(query) or 0)


def _ended(connection: sa.Connection) -> Iterator[Metric]:
    """One look at all jobs that are over gives their counts, their times and their restarts."""
    within = [sa.func.sum(sa.case((JOBS.c.wall_s <= bound, 1), else_=0)) for bound in BUCKETS_S]
    again = sa.func.sum(sa.case((JOBS.c.attempts > 1, JOBS.c.attempts - 1), else_=0))
    sums = (sa.func.count(), sa.func.sum(JOBS.c.wall_s), again)
    query = sa.select(JOBS.c.state, *sums, *within).where(JOBS.c.state.not_in(OPEN)).group_by(JOBS.c.state)
    found = {row[0]: row[1:] for row in connection.execute(query)}
    ended = CounterMetricFamily("penstock_jobs_ended_total", "Jobs that are over, by how.", labels=("state",))
    seconds = HistogramMetricFamily(
        "penstock_jobs_seconds", "Workers' seconds of jobs that are over.", labels=("state",)
    )
    restarts = CounterMetricFamily("penstock_jobs_restarts_total", "Starts of jobs beyond their first.")
    for state in STATES:
        if state not in OPEN:
            count, wall_s, _, *bounds = found.get(state, (0, 0.0, 0, *(0 for _ in BUCKETS_S)))
            ended.add_metric((state,), count)
            named = [(f"{bound}", float(value)) for bound, value in zip(BUCKETS_S, bounds, strict=True)]
            seconds.add_metric((state,), [*named, ("+Inf", count)], wall_s)
    restarts.add_metric((), sum(row[2] for row in found.values()))
    yield from (ended, seconds, restarts)
