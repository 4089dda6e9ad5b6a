"""Penstock's own database on PostgreSQL: what holds on SQLite holds there, also while the server restarts."""

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import pairwise, product
from multiprocessing import get_context
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from infra.scaling.connections import BACKEND_BYTES
from penstock.audit.verify import rows
from penstock.jobs.job import Wanted
from penstock.jobs.store import JobStore
from serving.lifecycle import schema
from serving.lifecycle.database import Database
from serving.lifecycle.engines import engine_of
from serving.lifecycle.errors import LifecycleError
from serving.lifecycle.journal import Journal, first_break
from tests.conftest import REPO, pick_free_port
from tests.service.on_postgresql import SERVER
from tests.service.postgres_server import postgres_server, postgres_url, run_postgres  # noqa: F401 - fixtures
from tests.service.postgres_workers import append_moves, claim_all, hold_once, move, record_events

SAME_AS_SQLITE = (
    "tests/unit/lifecycle/test_leases.py",
    "tests/unit/monitoring/test_history.py",
    "tests/unit/monitoring/retraining/test_clock.py",
    "tests/unit/penstock/records/test_dataset_store.py",
    "tests/unit/penstock/traffic/test_ab_test_store.py",
)
OF_FILES = "not no_database and not later_kind"
"""Two tests open the file itself."""


@contextmanager
def processes(count):
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.slow
def test_the_stores_tests_hold_word_for_word(postgres_server):  # noqa: F811
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.service.on_postgresql", "-k", OF_FILES]
    environ = os.environ | {SERVER: postgres_server.url()}
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", *SAME_AS_SQLITE],
        cwd=REPO, env=environ, capture_output=True, text=True, check=False, timeout=800,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]


def test_a_connection_takes_less_memory_than_the_plan_counts(postgres_url):  # noqa: F811
    engine = engine_of(postgres_url)
    schema.upgrade(engine, "Penstock's database")
    tables = sa.inspect(engine).get_table_names()
    with ExitStack() as stack:
        plain = postgres_url.replace("+psycopg", "")
        connections = [stack.enter_context(psycopg.connect(plain)) for _ in range(10)]
        for connection, table in product(connections, tables):
            connection.execute(f'SELECT * FROM "{table}"').fetchall()
        own = [_own_bytes(connection.info.backend_pid) for connection in connections]
    assert BACKEND_BYTES / 2 < max(own) < BACKEND_BYTES


def _own_bytes(pid):
    """A process's memory without what it shares with others: anonymous pages, forked ones in their parts."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return 1024 * int(re.search(r"^Pss_Anon: +(\d+) kB$", told, re.MULTILINE)[1])


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_both_spellings_of_a_url_reach_it(postgres_url, scheme):  # noqa: F811
    with Database(postgres_url.replace("postgresql+psycopg", scheme)).begin() as connection:
        assert connection.dialect.driver == "psycopg"


def test_processes_that_append_at_once_make_one_chain(postgres_url):  # noqa: F811
    append_moves(postgres_url, 1)
    with processes(3) as pool:
        list(pool.map(append_moves, [postgres_url] * 3, [20] * 3))
    entries = Journal(Database(postgres_url)).entries()
    assert (len(entries), first_break(entries)) == (61, None)


def test_the_audit_trail_is_in_order_under_many_writers(postgres_url):  # noqa: F811
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(record_events, [postgres_url] * 6, [15] * 6))
    found = list(rows(Database(postgres_url)))
    assert [row["sequence"] for row in found] == list(range(1, 91))
    assert all(later["previous_sha256"] == row["sha256"] for row, later in pairwise(found))


def test_a_job_is_claimed_once_by_workers_of_several_processes(postgres_url):  # noqa: F811
    store = JobStore(Database(postgres_url), time.time)
    wanted = [store.add(Wanted("train", f"u{number % 3}", "ann/p", {})).job_id for number in range(30)]
    with processes(3) as pool:
        claimed = [each for found in pool.map(claim_all, [postgres_url] * 3, "abc") for each in found]
    assert sorted(claimed) == sorted(wanted)


def test_of_processes_that_want_a_lease_one_has_it(postgres_url):  # noqa: F811
    with Database(postgres_url).begin():
        pass
    with processes(3) as pool:
        assert sorted(pool.map(hold_once, [postgres_url] * 3)) == [False, False, True]


def test_a_reading_transaction_sees_one_moment(postgres_url):  # noqa: F811
    database = Database(postgres_url)
    with database.begin(is_read_only=True) as reading:
        count = sa.text("SELECT count(*) FROM penstock_journal")
        before = reading.scalar(count)
        append_moves(postgres_url, 1)
        assert reading.scalar(count) == before


def test_a_text_comes_back_as_it_was_hashed(postgres_url):  # noqa: F811
    journal = Journal(Database(postgres_url))
    journal.append([move(reason="a\0b \ud800 \N{GRINNING FACE}")])
    assert journal.entries()[0].reason == "a\N{REPLACEMENT CHARACTER}b ? \N{GRINNING FACE}"
    assert first_break(journal.entries()) is None


def test_a_value_that_does_not_fit_is_a_sentence(postgres_url):  # noqa: F811
    with pytest.raises(LifecycleError, match=r"the database 'postgresql\+psycopg://.*value too long"):
        Journal(Database(postgres_url)).append([move(version="1" * 41)])


def test_sentences_hold_no_password(postgres_server):  # noqa: F811
    with pytest.raises(LifecycleError) as refused, Database(postgres_server.url("nowhere")).begin():
        pass
    assert 'database "nowhere" does not exist' in str(refused.value)
    assert postgres_server.password not in str(refused.value)


def test_a_forked_process_has_connections_of_its_own(postgres_url):  # noqa: F811
    database = Database(postgres_url)
    with database.begin():
        pass
    child = os.fork()
    if child == 0:
        code = 1
        try:
            append_moves(postgres_url, 5)
            with database.begin():
                code = 0
        finally:
            os._exit(code)
    append_moves(postgres_url, 5)
    assert os.waitpid(child, 0)[1] == 0
    entries = Journal(database).entries()
    assert (len(entries), first_break(entries)) == (10, None)


def test_a_processes_databases_share_their_connections(postgres_server, postgres_url):  # noqa: F811
    for _ in range(20):
        append_moves(postgres_url, 1)
    count = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    with engine_of(postgres_url).connect() as connection:
        assert connection.scalar(count) <= 4


@pytest.fixture
def own_server(tmp_path):
    with run_postgres(tmp_path / "postgres", pick_free_port()) as server:
        yield server


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_after_a_restart_the_first_transaction_goes_well(own_server, how):
    database = Database(own_server.url())
    for _ in range(3):
        append_moves(own_server.url(), 1)
    own_server.stop(how)
    began = time.monotonic()
    with pytest.raises(LifecycleError, match="could not be used"), database.begin():
        pass
    assert time.monotonic() - began < 20.0
    own_server.start()
    append_moves(own_server.url(), 1)
    assert len(Journal(database).entries()) == 4
