"""Schedules in the database: due once, kept over a restart, missed, forgotten, begun anew."""

from pathlib import Path

import pytest

from monitoring.retraining.clock import Appointment, Clock, Due
from serving.lifecycle.database import Database

NIGHTLY = Appointment("churn", "retrain", "0 2 * * *")
HOUR_S, DAY_S = 3_600.0, 86_400.0
NOON_S = 20_000 * DAY_S + 12 * HOUR_S
TWO_S = 20_001 * DAY_S + 2 * HOUR_S


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/penstock.db")


@pytest.fixture
def clock(database: Database) -> Clock:
    made = Clock(database, late_s=6 * HOUR_S)
    assert made.due(["churn"], [NIGHTLY], NOON_S) == []
    return made


def test_a_schedule_is_due_when_its_moment_has_come(clock: Clock) -> None:
    assert clock.due(["churn"], [NIGHTLY], TWO_S - 1) == []
    assert clock.due(["churn"], [NIGHTLY], TWO_S + 60) == [Due(NIGHTLY, TWO_S, is_missed=False)]


def test_it_stays_due_until_it_is_kept(clock: Clock) -> None:
    assert len(clock.due(["churn"], [NIGHTLY], TWO_S + 60)) == 1
    clock.keep(NIGHTLY, TWO_S + 120)
    assert clock.due(["churn"], [NIGHTLY], TWO_S + 180) == []
    assert clock.due(["churn"], [NIGHTLY], TWO_S + DAY_S)[0].at_s == TWO_S + DAY_S


def test_a_restart_forgets_no_moment(clock: Clock, database: Database) -> None:
    again = Clock(database, late_s=6 * HOUR_S)
    assert again.due(["churn"], [NIGHTLY], TWO_S + HOUR_S) == [Due(NIGHTLY, TWO_S, is_missed=False)]


def test_a_moment_that_is_too_long_ago_is_missed(clock: Clock) -> None:
    assert clock.due(["churn"], [NIGHTLY], TWO_S + 7 * HOUR_S) == [Due(NIGHTLY, TWO_S, is_missed=True)]


def test_several_moments_that_went_by_are_due_once(clock: Clock) -> None:
    late_s = TWO_S + 3 * DAY_S + 60
    assert len(clock.due(["churn"], [NIGHTLY], late_s)) == 1
    clock.keep(NIGHTLY, late_s)
    assert clock.due(["churn"], [NIGHTLY], late_s + 60) == []


def test_a_schedule_that_is_wanted_no_more_is_forgotten(clock: Clock) -> None:
    clock.due(["churn"], [], NOON_S)
    assert clock.due(["churn"], [NIGHTLY], TWO_S + 60) == []


def test_other_models_schedules_are_left_alone(clock: Clock) -> None:
    clock.due(["fraud"], [], NOON_S)
    assert len(clock.due(["churn"], [NIGHTLY], TWO_S + 60)) == 1


def test_after_the_clock_was_set_back_the_schedule_begins_anew(clock: Clock) -> None:
    before_s = NOON_S - 300 * DAY_S
    assert clock.due(["churn"], [NIGHTLY], before_s) == []
    assert len(clock.due(["churn"], [NIGHTLY], before_s + DAY_S)) == 1
