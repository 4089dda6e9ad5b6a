"""One monitor is on duty."""

from dataclasses import replace

import pytest

from monitoring.duty import Duty, holder, leases_of
from serving.settings import Settings, load


@pytest.fixture
def settings(tmp_path) -> Settings:
    return replace(load({"PENSTOCK_VAR_DIR": str(tmp_path)}), monitor_lease_s=100.0, monitor_interval_s=10.0)


def test_the_first_is_on_duty_and_the_second_says_who(settings):
    first, second = (Duty(leases_of(settings), name, renew_s=5.0) for name in ("first", "second"))
    assert first.is_mine()
    assert first.is_mine()
    assert not second.is_mine()
    assert second.other == "first"
    assert holder(settings) == "first"


def test_a_monitor_that_leaves_is_followed_at_once(settings):
    first, second = (Duty(leases_of(settings), name, renew_s=5.0) for name in ("first", "second"))
    assert first.is_mine()
    first.leave()
    assert holder(settings) is None
    assert second.is_mine()
    assert second.other == ""


def test_a_monitor_that_died_is_followed_when_its_lease_ends(settings):
    clock_s = [1e9]
    first, second = (
        Duty(leases_of(settings, lambda: clock_s[0]), name, renew_s=5.0) for name in ("first", "second")
    )
    assert first.is_mine()
    clock_s[0] += 99.0
    assert not second.is_mine()
    clock_s[0] += 2.0
    assert second.is_mine()
    assert not first.is_mine()
    assert first.other == "second"


def test_a_round_that_lasts_keeps_the_lease(settings):
    clock_s = [1e9]
    leases = leases_of(settings, lambda: clock_s[0])
    first, second = Duty(leases, "first", renew_s=0.0), Duty(leases, "second", renew_s=0.0)
    assert first.is_mine()
    for _ in range(5):
        clock_s[0] += 60.0
        first.stay()
    assert not second.is_mine()


def test_a_lease_outlasts_three_rounds(settings):
    clock_s = [1e9]
    leases = leases_of(replace(settings, monitor_interval_s=600.0), lambda: clock_s[0])
    first, second = Duty(leases, "first", renew_s=5.0), Duty(leases, "second", renew_s=5.0)
    assert first.is_mine()
    clock_s[0] += 1_799.0
    assert not second.is_mine()
