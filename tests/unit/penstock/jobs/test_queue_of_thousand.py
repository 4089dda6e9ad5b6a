"""A thousand jobs of three users: asked for, listed, worked off fairly; and a database that is locked."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from penstock.desk import Desk
from penstock.jobs import store
from penstock.jobs.claims import Claims
from penstock.jobs.job import Job, Wanted
from penstock.jobs.keeping import End, Keeping
from penstock.jobs.machine import Machine
from penstock.people.person import Person
from penstock.problems import TooMany
from penstock.records.cursor import Cursor
from penstock.records.project import Project
from penstock.services import jobs
from serving.settings import load
from tests.unit.penstock.records.project_fixtures import kept

SHARES = {"ann": 900, "bob": 80, "eve": 20}
LAST = 10
JOB_S = 10.0
MACHINE = Machine(cores=(0, 1), gpus=(), memory_bytes=16_000_000_000)


def desk_of(root: Path) -> Desk:
    given = load({"PENSTOCK_VAR_DIR": str(root)})
    desk = Desk(replace(given, jobs_queued_per_user=900, jobs_at_once=1))
    for owner in SHARES:
        kept(desk.projects, Project(owner, "p", "0", created_s=1.0))
    return desk


def submit(desk: Desk, owner: str) -> Job:
    return jobs.submit(desk, Person(owner, is_admin=True), Wanted("train", owner, f"{owner}/p", {}))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with a thousand jobs: most of Ann's were there first; each user asks for the last ones."""
    desk = desk_of(tmp_path_factory.mktemp("full"))
    rows = [row(owner, number) for owner, count in SHARES.items() for number in range(count - LAST)]
    with desk.database.begin() as connection:
        connection.execute(sa.insert(store.JOBS), rows)
    for owner in SHARES:
        for _ in range(LAST):
            submit(desk, owner)
    return desk


def row(owner: str, number: int) -> dict[str, Any]:
    job = Job(f"{owner} {number}", Wanted("train", owner, f"{owner}/p", {}), "pending", number)
    return {**store._row(job), **store._UNPLACED, "gpus": 0}


def test_one_more_than_may_wait_is_refused(full: Desk) -> None:
    with pytest.raises(TooMany, match="900"):
        submit(full, "ann")


def test_pages_hold_every_job_once_newest_first(full: Desk) -> None:
    found: list[Job] = []
    before = None
    while page := full.jobs.listed(before=before, most=70, is_brief=True):
        found += page
        before = Cursor(page[-1].created_s, page[-1].job_id)
    assert Counter(job.wanted.owner for job in found) == SHARES
    assert len({job.job_id for job in found}) == 1000
    assert [job.created_s for job in found] == sorted((job.created_s for job in found), reverse=True)


def test_a_page_comes_at_once(full: Desk) -> None:
    began = time.thread_time()
    page = full.jobs.listed(projects=["ann/p"], states=["pending"], most=50, is_brief=True)
    assert (len(page), time.thread_time() - began < 1.0) == (50, True)


def test_workers_go_round_however_long_each_queue_is(full: Desk) -> None:
    now = [full.now_s()]
    claims = Claims(full.database, full.settings, MACHINE, "here", lambda: now[0])
    keeping = Keeping(full.database, "w", lambda: now[0])
    order = []
    for _ in range(63):
        claimed = claims.claim("w")
        assert claimed is not None
        job, _ = claimed
        order.append(job.wanted.owner)
        now[0] += JOB_S
        keeping.end(job, End("completed", taken=replace(job.usage, wall_s=JOB_S)))
    # Eve's and Bob's came last, and have their third of the time until theirs are done.
    assert Counter(order[:60]) == {"ann": 20, "bob": 20, "eve": 20}
    assert Counter(order[60:]) == {"ann": 2, "bob": 1} or Counter(order[60:]) == {"ann": 1, "bob": 2}


@contextmanager
def locked(file: Path) -> Iterator[threading.Event]:
    """Another process's write lock on the database, until the event is set; a minute at the most."""
    has_begun, ends = threading.Event(), threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        has_begun.set()
        ends.wait(60.0)
        connection.execute("ROLLBACK")
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    has_begun.wait(10.0)
    yield ends
    thread.join()


@pytest.mark.parametrize("ask", [submit, lambda desk, _: desk.jobs.ask_to_cancel("nobody", "ann")])
def test_what_is_asked_while_the_database_is_locked_waits_and_is_done(
    ask: Callable[[Desk, str], object], tmp_path: Path
) -> None:
    desk = desk_of(tmp_path)
    submit(desk, "bob")
    with locked(tmp_path / "penstock.db") as ends:
        began = time.monotonic()
        assert desk.jobs.listed(owner="bob")[0].state == "pending"  # who reads waits for nobody
        assert time.monotonic() - began < 30
        began = time.monotonic()
        threading.Timer(2.0, ends.set).start()
        ask(desk, "ann")
        assert time.monotonic() - began >= 1.9
    assert desk.jobs.pending("bob") == 1
