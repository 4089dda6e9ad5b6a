"""Jobs as metrics."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from penstock.desk import Desk
from penstock.jobs import meters, store
from penstock.jobs.job import Job, State, Usage, Wanted
from serving.settings import load


def job(number: int, state: State, owner: str = "ann", attempts: int = 1, wall_s: float = 0.0) -> Job:
    wanted = Wanted("train", owner, "ann/p", {})
    return Job(f"{number}", wanted, state, float(number), attempts=attempts, usage=Usage(wall_s=wall_s))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> CollectorRegistry:
    root: Path = tmp_path_factory.mktemp("meters")
    desk = Desk(load({"PENSTOCK_VAR_DIR": str(root)}))
    jobs = [job(number, "pending", f"u{number % 30:02}") for number in range(1, 91)]
    jobs += [
        job(101, "running"),
        job(102, "completed", wall_s=4.0),
        job(103, "failed", attempts=3, wall_s=40.0),
    ]
    rows = [{**store._row(each), **store._UNPLACED, "gpus": 0} for each in jobs]
    with desk.database.begin() as connection:
        connection.execute(sa.insert(store.JOBS), rows)

    class Collector:
        def collect(self):
            return meters.collect(desk)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return registry


def test_queued_jobs_are_told_by_user_up_to_a_bound(registry: CollectorRegistry) -> None:
    labels = [
        sample.labels["user"]
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "penstock_jobs_queued"
    ]
    assert len(labels) == meters.MOST_USERS + 1
    assert registry.get_sample_value("penstock_jobs_queued", {"user": "u00"}) == 3
    assert registry.get_sample_value("penstock_jobs_queued", {"user": meters.OTHERS}) == 30


def test_the_oldest_job_that_waits_is_told(registry: CollectorRegistry) -> None:
    assert registry.get_sample_value("penstock_jobs_oldest_queued_timestamp_seconds") == 1.0


def test_running_jobs_are_counted(registry: CollectorRegistry) -> None:
    assert registry.get_sample_value("penstock_jobs_running") == 1


@pytest.mark.parametrize(("state", "count"), [("completed", 1), ("failed", 1), ("cancelled", 0)])
def test_ended_jobs_are_counted_by_how(registry: CollectorRegistry, state: str, count: int) -> None:
    assert registry.get_sample_value("penstock_jobs_ended_total", {"state": state}) == count


def test_their_seconds_are_a_histogram(registry: CollectorRegistry) -> None:
    failed = {"state": "failed"}
    buckets = [
        registry.get_sample_value("penstock_jobs_seconds_bucket", failed | {"le": bound})
        for bound in ("30.0", "60.0", "+Inf")
    ]
    assert buckets == [0, 1, 1]
    assert registry.get_sample_value("penstock_jobs_seconds_sum", failed) == 40.0


def test_restarts_are_counted(registry: CollectorRegistry) -> None:
    assert registry.get_sample_value("penstock_jobs_restarts_total") == 2
