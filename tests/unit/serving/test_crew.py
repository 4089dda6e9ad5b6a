"""Threads that replace those whose job never ends."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from serving.crew import MOST_LATE, Crew


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def stick(crew: Crew, gate: threading.Event) -> None:
    """Start a job that waits for the gate, and give it up."""
    future = crew.submit(gate.wait)
    wait_until(future.running)
    crew.give_up(future)


def test_a_job_is_answered() -> None:
    assert Crew(1).submit(lambda: 7).result(5) == 7


def test_what_a_job_raises_is_told_and_the_thread_goes_on() -> None:
    crew = Crew(1)
    with pytest.raises(SystemExit):
        crew.submit(lambda: exec("raise SystemExit")).result(5)
    assert crew.submit(lambda: 7).result(5) == 7


def test_as_many_jobs_run_at_a_time_as_it_has_threads(gate: threading.Event) -> None:
    crew = Crew(2)
    futures = [crew.submit(gate.wait) for _ in range(3)]
    wait_until(lambda: sum(future.running() for future in futures) == 2)
    time.sleep(0.05)
    assert not futures[2].running()


def test_a_job_that_never_ends_is_replaced_when_it_is_given_up(gate: threading.Event) -> None:
    crew = Crew(1)
    for _ in range(3):
        stick(crew, gate)
    assert crew.late == 3
    assert crew.submit(lambda: 7).result(5) == 7


def test_a_late_thread_that_comes_back_leaves(gate: threading.Event) -> None:
    crew = Crew(1)
    stick(crew, gate)
    gate.set()
    wait_until(lambda: crew.late == 0 and crew._threads == 1)
    assert crew.submit(lambda: 7).result(5) == 7


def test_a_job_that_is_given_up_before_it_starts_does_not_start(gate: threading.Event) -> None:
    crew, started = Crew(1), threading.Event()
    crew.submit(gate.wait)
    waiting = crew.submit(started.set)
    crew.give_up(waiting)
    gate.set()
    assert crew.submit(lambda: 7).result(5) == 7
    assert not started.is_set()


def test_late_threads_are_replaced_up_to_a_bound(gate: threading.Event) -> None:
    crew = Crew(1)
    for _ in range(MOST_LATE + 1):
        stick(crew, gate)
    last = crew.submit(lambda: 7)
    time.sleep(0.05)
    assert not last.done()
    gate.set()
    assert last.result(5) == 7
