import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from serving.lifecycle.database import Database
from serving.lifecycle.leases import LeaseBusyError, Leases


class Clock:
    def __init__(self):
        self.time = datetime(2026, 7, 31, 12, tzinfo=UTC)

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def leases(tmp_path, clock):
    return Leases(Database(f"sqlite:///{tmp_path}/penstock.db"), now=clock, duration_s=60)


def test_a_lease_is_held_by_one(leases):
    with (
        leases.held("moving 'churn'", "ann", wait_s=0),
        pytest.raises(LeaseBusyError, match="moving 'churn' is held by ann; try again in a moment"),
        leases.held("moving 'churn'", "ben", wait_s=0),
    ):
        pass


def test_leases_of_other_names_are_free(leases):
    with leases.held("a", "ann", wait_s=0), leases.held("b", "ben", wait_s=0) as lease:
        assert lease.name == "b"


def test_a_lease_that_was_given_back_is_free(leases):
    with leases.held("a", "ann", wait_s=0):
        pass
    with leases.held("a", "ben", wait_s=0) as lease:
        assert lease.owner.startswith("ben ")


def test_a_lease_is_given_back_when_its_holder_fails(leases):
    with pytest.raises(KeyError), leases.held("a", "ann", wait_s=0):
        raise KeyError
    with leases.held("a", "ben", wait_s=0):
        pass


def test_an_expired_lease_is_taken_over(leases, clock):
    with leases.held("a", "ann", wait_s=0):
        clock.time += timedelta(seconds=61)
        with leases.held("a", "ben", wait_s=0) as lease:
            assert lease.owner.startswith("ben ")


def test_who_lost_its_lease_is_told(leases, clock):
    with leases.held("a", "ann", wait_s=0) as lost:
        clock.time += timedelta(seconds=61)
        with (
            leases.held("a", "ben", wait_s=0),
            pytest.raises(LeaseBusyError, match="a was taken over by ben; try again"),
        ):
            leases.renew(lost)


def test_who_lost_its_lease_does_not_give_back_anothers(leases, clock):
    with leases.held("a", "ann", wait_s=0):
        clock.time += timedelta(seconds=61)
        other = leases.held("a", "ben", wait_s=0)
        other.__enter__()
    with pytest.raises(LeaseBusyError), leases.held("a", "cid", wait_s=0):
        pass
    other.__exit__(None, None, None)


def test_a_renewed_lease_lasts_its_time_again(leases, clock):
    with leases.held("a", "ann", wait_s=0) as lease:
        clock.time += timedelta(seconds=50)
        leases.renew(lease)
        clock.time += timedelta(seconds=50)
        with pytest.raises(LeaseBusyError), leases.held("a", "ben", wait_s=0):
            pass


def test_a_lease_is_waited_for(leases):
    taken, order = threading.Event(), []

    def first():
        with leases.held("a", "ann", wait_s=0):
            taken.set()
            time.sleep(0.3)
            order.append("ann")

    thread = threading.Thread(target=first)
    thread.start()
    taken.wait()
    with leases.held("a", "ben", wait_s=10):
        order.append("ben")
    thread.join()
    assert order == ["ann", "ben"]
