"""Jobs are claimed fairly and once, from a database."""

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from penstock.jobs import claims, store
from penstock.jobs.claims import Claims
from penstock.jobs.job import Job, Limits, Wanted
from penstock.jobs.keeping import End, Keeping
from penstock.jobs.machine import Machine
from penstock.records.cursor import Cursor
from penstock.records.project import Project, ProjectStore
from serving.lifecycle.database import Database
from serving.settings import Settings
from tests.unit.penstock.records.project_fixtures import kept

MACHINE = Machine(cores=(0, 1), gpus=("0",), memory_bytes=16_000)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        self.now_s += 0.001
        return self.now_s


class Shop:
    """A database of jobs with the claims of one machine."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.clock, self.database = Clock(), Database(f"sqlite:///{root}/penstock.db")
        self.store = store.JobStore(self.database, self.clock)
        self.keeping = Keeping(self.database, "w", self.clock)
        self.claims = Claims(self.database, Settings(**settings), MACHINE, "here", self.clock)

    def add(self, owner: str, entry: str = "train", **more: Any) -> Job:
        return self.store.add(Wanted(entry, owner, more.pop("project", f"{owner}/p"), {}, **more))

    def fill(self, count: int) -> None:
        """Many pending jobs of eight users, in one transaction."""
        rows = []
        for number in range(count):
            wanted = Wanted("train", f"u{number % 8}", "ann/p", {}, is_urgent=number % 100 == 0)
            rows.append(
                {**store._row(Job(f"{number}", wanted, "pending", number)), **store._UNPLACED, "gpus": 0}
            )
        with self.database.begin() as connection:
            connection.execute(sa.insert(store.JOBS), rows)

    def claim(self) -> str:
        found = self.claims.claim("w")
        return f"{found[0].wanted.owner} {found[0].wanted.entry}" if found else ""

    def finish(self, after_s: float = 0.0) -> None:
        """End all that runs, after a time."""
        self.clock.now_s += after_s
        for job_id in self.keeping.wishes():
            job = self.store.get(job_id)
            assert job is not None
            self.keeping.end(job, End("completed"))


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Shop]:
    return lambda **settings: Shop(tmp_path, **({"jobs_at_once": 1} | settings))


def test_the_oldest_job_of_one_user_goes_first(shop) -> None:
    it = shop()
    it.add("ann", "first")
    it.add("ann", "second")
    assert it.claim() == "ann first"


def test_a_job_that_is_cancelled_while_it_is_claimed_does_not_start(shop, monkeypatch) -> None:
    it = shop()
    gone = it.add("ann", "first")
    it.add("ann", "second")
    with it.database.begin() as connection:
        read = connection.execute(sa.select(store.JOBS).where(store.JOBS.c.job_id == gone.job_id)).one()
    it.store.ask_to_cancel(gone.job_id, "ann")
    first, seen = claims._first, iter([read])
    monkeypatch.setattr(claims, "_first", lambda *args, **words: next(seen, None) or first(*args, **words))
    assert it.claim() == "ann second"
    assert it.store.get(gone.job_id).state == "cancelled"


def test_no_more_run_than_may(shop) -> None:
    it = shop()
    it.add("ann")
    it.add("ann")
    assert (it.claim(), it.claim()) == ("ann train", "")


def test_an_urgent_job_has_a_worker_of_its_own(shop) -> None:
    it = shop()
    for entry in ("train", "clean", "split"):
        it.add("ann", entry, is_urgent=entry != "train")
    it.add("ann", "tune")
    assert [it.claim() for _ in range(3)] == ["ann clean", "ann split", ""]


def test_users_take_turns_whatever_the_queue_of_each(shop) -> None:
    it = shop()
    for _ in range(4):
        it.add("ann")
    it.add("bob")
    it.add("eve")
    order = []
    for _ in range(4):
        order.append(it.claim())
        it.finish(after_s=10.0)
    assert sorted(order[:3]) == ["ann train", "bob train", "eve train"]


def test_long_jobs_are_made_up_for_by_the_others_many_short_ones(shop) -> None:
    it = shop()
    for _ in range(13):
        it.add("long")
        it.add("short")
    got = {"long": 0.0, "short": 0.0}
    for _ in range(14):
        who = it.claim().split()[0]
        length = 100.0 if who == "long" else 10.0
        got[who] += length
        it.finish(after_s=length)
    assert abs(got["long"] - got["short"]) <= 100.0


def test_who_comes_back_starts_where_the_others_stand(shop) -> None:
    it = shop()
    it.add("idle")
    it.claim()
    it.finish()
    for _ in range(8):
        it.add("busy")
    for _ in range(4):
        it.claim()
        it.finish(after_s=100.0)
    for _ in range(4):
        it.add("idle")
    order = []
    for _ in range(4):
        order.append(it.claim())
        it.finish(after_s=100.0)
    assert order.count("busy train") == 2


def test_a_project_that_runs_as_many_as_it_may_waits_and_others_do_not(shop) -> None:
    it = shop(jobs_at_once=3)
    kept(ProjectStore(it.database, it.clock), Project("ann", "p", "1", limits='{"jobs_at_once": 1}'))
    it.add("ann")
    it.add("ann")
    it.add("ann", "other", project="ann/q")
    assert [it.claim() for _ in range(3)] == ["ann train", "ann other", ""]


def test_a_job_waits_for_a_gpu(shop) -> None:
    it = shop(jobs_at_once=3)
    for entry in ("one", "two"):
        it.add("ann", entry, limits=Limits(gpus=1))
    assert [it.claim() for _ in range(2)] == ["ann one", ""]


def test_running_jobs_have_cores_of_their_own(shop) -> None:
    it = shop(jobs_at_once=2)
    for _ in range(2):
        it.add("ann")
    places = [found[1].cores for _ in range(2) if (found := it.claims.claim("w"))]
    assert sorted(places) == [(0,), (1,)]


def test_a_job_that_is_to_wait_is_not_claimed_before(shop) -> None:
    it = shop()
    job = it.add("ann")
    it.claim()
    it.keeping.end(job, End("pending", due_s=it.clock() + 5.0))
    assert it.claim() == ""
    it.clock.now_s += 5.0
    assert it.claim() == "ann train"


def test_a_job_started_again_counts_its_attempts(shop) -> None:
    it = shop()
    job = it.add("ann")
    for is_counted in (True, False):
        it.claim()
        it.keeping.end(job, End("pending", is_counted=is_counted))
    it.claim()
    assert it.store.get(job.job_id).attempts == 2


def test_many_workers_never_claim_one_job_twice(shop) -> None:
    it = shop(jobs_at_once=100)
    it.fill(40)
    got: list[str] = []

    def claim_all() -> None:
        while (found := it.claims.claim("w")) is not None:
            got.append(found[0].job_id)

    threads = [threading.Thread(target=claim_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 40


def test_a_job_that_was_taken_over_is_not_ended_by_its_first_worker(shop) -> None:
    it = shop()
    job = it.add("ann")
    it.claim()
    other = Keeping(it.database, "other", it.clock)
    (held,) = other.of_others()
    assert other.take_over(held, "here")
    assert not other.take_over(held, "here")
    assert not it.keeping.end(job, End("completed"))
    assert other.end(job, End("completed"))


def middle(act: Callable[[], object]) -> float:
    """The median of some calls' seconds of this thread."""
    took = []
    for _ in range(7):
        began = time.thread_time()
        act()
        took.append(time.thread_time() - began)
    return sorted(took)[3]


def test_a_page_of_thousands_takes_no_longer_than_one_of_a_hundred(tmp_path: Path) -> None:
    pages = []
    for count in (200, 5000):
        (tmp_path / f"{count}").mkdir()
        it = Shop(tmp_path / f"{count}")
        it.fill(count)
        page = it.store.listed(most=100, before=Cursor(150.0, ""), is_brief=True)
        assert (page[0].job_id, len(page)) == ("149", 100)
        pages.append(partial(it.store.listed, most=100, before=Cursor(150.0, "")))
    assert middle(pages[1]) < 4 * middle(pages[0])


def test_picking_one_of_thousands_takes_no_longer_than_one_of_a_few(tmp_path: Path) -> None:
    picks = []
    for count in (80, 5000):
        (tmp_path / f"{count}").mkdir()
        it = Shop(tmp_path / f"{count}", jobs_at_once=10_000)
        it.fill(count)
        it.claim()
        picks.append(it.claim)
    assert middle(picks[1]) < 4 * middle(picks[0])
