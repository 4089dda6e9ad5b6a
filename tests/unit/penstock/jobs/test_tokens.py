"""Tokens over Huey's SQLite queue; and a queue that is away."""

import json
import logging
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from penstock.jobs.tokens import FILE, QUIET_S, Tokens
from serving.settings import Settings
from tests.conftest import stop_group


def test_a_token_is_taken_once(tmp_path: Path) -> None:
    tokens = Tokens(Settings(var_dir=tmp_path))
    assert (tokens.tell(), tokens.take(), tokens.take()) == (True, True, False)
    tokens.close()


def test_another_process_s_desk_sees_the_token(tmp_path: Path) -> None:
    one, other = Tokens(Settings(var_dir=tmp_path)), Tokens(Settings(var_dir=tmp_path))
    one.tell()
    assert other.take()
    one.close()
    other.close()


def test_a_token_is_json_and_no_pickle(tmp_path: Path) -> None:
    tokens = Tokens(Settings(var_dir=tmp_path))
    tokens.tell()
    tokens.close()
    with sqlite3.connect(tmp_path / "jobs" / FILE) as queue:
        (data,) = queue.execute("select data from task").fetchone()
    queue.close()
    assert json.loads(data)[1] == "penstock.jobs.tokens.work"


def test_a_queue_that_is_away_is_said_once_and_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    tokens = Tokens(Settings(var_dir=tmp_path, jobs_redis_url="redis://127.0.0.1:1/0"), lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for moment in (0.0, 1.0, 10.0):
            now[0] = moment
            assert (tokens.tell(), tokens.take()) == (False, False)
    assert len(caplog.records) == 1
    assert "jobs are found in the database instead" in caplog.text


@contextmanager
def redis(port: int, folder: Path) -> Iterator[None]:
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        stop_group(process)


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server here")
def test_redis_may_go_away_and_come_back(
    tmp_path: Path, free_port: Callable[[], int], caplog: pytest.LogCaptureFixture
) -> None:
    port, now = free_port(), [0.0]
    tokens = Tokens(Settings(var_dir=tmp_path, jobs_redis_url=f"redis://127.0.0.1:{port}/0"), lambda: now[0])

    def is_told() -> bool:
        now[0] += QUIET_S  # as if nobody had asked since it was found away
        return tokens.tell()

    with caplog.at_level(logging.INFO):
        for _ in range(2):
            with redis(port, tmp_path):
                assert until(is_told)
                assert tokens.take()
            assert (is_told(), tokens.take()) == (False, False)
    tokens.close()
    assert caplog.text.count("the jobs' queue is back") >= 1


def until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20.0
    while not (found := is_so()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
