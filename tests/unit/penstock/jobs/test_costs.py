"""What jobs and data sets took, and its price."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.jobs import costs
from penstock.jobs.job import Usage, Wanted
from penstock.jobs.store import JobStore
from penstock.records.dataset import Dataset, DatasetStore
from serving.lifecycle.database import Database
from serving.settings import Settings

DAY_S = 86_400.0
NOON_S = datetime(2026, 3, 10, 12, tzinfo=UTC).timestamp()
PRICES = Settings(price_core_hour=2.0, price_gb_hour=3.0, price_gb_month=30.0, price_currency="=EUR")
HOUR = Usage(core_s=3600.0, peak_bytes=2_000_000_000, disk_bytes=5, wall_s=1800.0)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/penstock.db")


def book(database: Database, *, owner: str = "ann", at_s: float = NOON_S, jobs: int = 1) -> None:
    with database.begin() as connection:
        costs.book(connection, owner=owner, project="ann/p", usage=HOUR, now_s=at_s, jobs=jobs)


def report(database: Database, projects: list[str] | None = None, since_s: float = NOON_S) -> costs.Report:
    return costs.report(database, PRICES, projects, since_s=since_s, until_s=NOON_S, now_s=NOON_S)


def test_a_job_is_priced_by_cores_and_peak_memory(database: Database) -> None:
    book(database)
    (row,) = report(database).rows
    assert (row.core_hours, row.memory_gb_hours, row.cost) == (1.0, 1.0, 5.0)


def test_starts_of_a_job_are_summed_and_the_job_counts_once(database: Database) -> None:
    book(database, jobs=0)
    book(database)
    (row,) = report(database).rows
    assert (row.jobs, row.core_hours, row.peak_bytes) == (1, 2.0, 2_000_000_000)


def test_rows_are_by_day_and_user(database: Database) -> None:
    for owner, at_s in (("ann", NOON_S), ("bob", NOON_S), ("ann", NOON_S - DAY_S)):
        book(database, owner=owner, at_s=at_s)
    found = [(row.day, row.owner) for row in report(database, since_s=NOON_S - DAY_S).rows]
    assert found == [("2026-03-09", "ann"), ("2026-03-10", "ann"), ("2026-03-10", "bob")]


def test_days_before_the_first_are_left_out(database: Database) -> None:
    book(database, at_s=NOON_S - DAY_S)
    assert report(database).rows == ()


def test_only_the_projects_that_are_asked_for_are_told_of(database: Database) -> None:
    book(database)
    assert report(database, ["bob/q"]).rows == ()


def test_stored_data_sets_count_while_they_are_there(database: Database) -> None:
    store = DatasetStore(database, lambda: NOON_S)
    times = {"created_s": NOON_S - DAY_S, "removed_s": NOON_S - DAY_S / 4}
    store.add(Dataset("1", "ann/p", "ann", "gone", size_bytes=4_000_000_000, **times))
    store.add(Dataset("2", "ann/p", "ann", "there", size_bytes=1_000_000_000, created_s=NOON_S))
    found = {row.day: row.storage_gb_days for row in report(database, since_s=NOON_S - DAY_S).rows}
    assert found == {"2026-03-09": 2.0, "2026-03-10": 1.0}


def test_the_rows_that_its_job_left_are_stored_too(database: Database) -> None:
    jobs = JobStore(database, lambda: NOON_S - DAY_S)
    job = jobs.add(Wanted("clean", "ann", "ann/p", {}))
    jobs.put(replace(job, state="completed", usage=Usage(disk_bytes=3_000_000_000)))
    store = DatasetStore(database, lambda: NOON_S)
    store.add(Dataset("1", "ann/p", "ann", "cleaned", job_id=job.job_id, created_s=NOON_S - DAY_S / 2))
    (row,) = report(database).rows
    assert row.storage_gb_days == 1.5


def test_a_stored_gigabyte_costs_its_price_in_thirty_days(database: Database) -> None:
    store = DatasetStore(database, lambda: NOON_S)
    store.add(Dataset("1", "ann/p", "ann", "x", size_bytes=10**9, created_s=NOON_S - 30 * DAY_S))
    assert report(database, since_s=NOON_S - 30 * DAY_S).cost == pytest.approx(30.0)


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", "\tx", "=cmd|' /C calc'!A0"])
def test_a_cell_that_would_be_a_formula_is_text(database: Database, name: str) -> None:
    book(database, owner=name)
    (row,) = list(csv.DictReader(io.StringIO(report(database).as_csv())))
    assert row["owner"] == f"'{name}"
    assert row["currency"] == "'=EUR"


def test_figures_stay_figures_in_a_file(database: Database) -> None:
    book(database)
    (row,) = list(csv.DictReader(io.StringIO(report(database).as_csv())))
    assert (row["core_hours"], row["jobs"], row["day"]) == ("1", "1", "2026-03-10")


def test_a_report_is_plain_data(database: Database) -> None:
    book(database)
    told: Callable[[], dict] = report(database).as_data
    assert (told()["currency"], told()["cost"], told()["rows"][0]["owner"]) == ("=EUR", 5.0, "ann")
