"""A cluster whose workers have left is waited for, but not for ever."""

import itertools
import time

import pytest

from projects.compute.crew import Crew
from projects.compute.waiting import ClusterLost, present, wait_for
from projects.errors import BadInput
from tests.unit.projects.compute.cluster_fixtures import COMING_S, two_workers


@pytest.fixture(scope="module")
def left():
    """A client without workers: one task was not done yet, and they took the other one's answer with them."""
    with two_workers() as client:
        answered = client.submit(len, "ab", pure=False)
        assert answered.result() == 2
        undone = client.submit(time.sleep, 60, pure=False)
        client.cluster.scale(0)
        until = time.monotonic() + COMING_S
        while client.nthreads() or answered.status == "finished":
            assert time.monotonic() < until
            time.sleep(0.05)
        yield client, {"undone": undone, "answered": answered}


def test_tasks_are_waited_for_in_bounds(left):
    client, futures = left
    with pytest.raises(ClusterLost, match="has had no workers for 2 seconds; start some, and run this again"):
        wait_for(client, [futures["undone"]], patience_s=2.0)


def test_workers_are_waited_for_in_bounds(left):
    with pytest.raises(ClusterLost, match="has had no workers for 2 seconds; start some, and run this again"):
        present(left[0], patience_s=2.0)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["undone", "answered"])
def test_a_crew_waits_in_bounds_also_for_an_answer_that_was_there(left, name):
    client, futures = left
    crew = Crew(client, lambda _sentence: None, clock=itertools.count(0, 50).__next__)
    with pytest.raises(BadInput, match="has had no workers for 60 seconds; start some, and run this again"):
        crew._answer(futures[name])
