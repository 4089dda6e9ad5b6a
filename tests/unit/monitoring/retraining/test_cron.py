"""Cron's five fields: as cron reads them, and typos that are named."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.retraining.cron import CronError, next_time, parse

SATURDAY = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def after(expression: str, now: datetime = SATURDAY) -> str:
    found = datetime.fromtimestamp(next_time(expression, now.timestamp()), UTC)
    return found.strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 2 * * 0", "Sun 2026-11-22 02:00"),
        ("0 2 * * 7", "Sun 2026-11-22 02:00"),
        ("0 2 * * sun", "Sun 2026-11-22 02:00"),
        ("0 2 * * 1-5", "Mon 2026-11-23 02:00"),
        ("0 2 * * fri-sun", "Sun 2026-11-22 02:00"),
        ("*/15 * * * *", "Sat 2026-11-21 09:45"),
        ("30 9 * * *", "Sun 2026-11-22 09:30"),
        ("0 0 1 * *", "Tue 2026-12-01 00:00"),
        ("0 0 29 2 *", "Tue 2028-02-29 00:00"),
        ("5,10 1 * jan *", "Fri 2027-01-01 01:05"),
    ],
)
def test_the_next_moment_is_that_of_cron(expression: str, expected: str) -> None:
    assert after(expression) == expected


def test_a_day_of_the_month_or_a_weekday_is_enough_where_both_are_named() -> None:
    assert after("0 0 13 * mon") == "Mon 2026-11-23 00:00"
    assert after("0 0 24 * sat") == "Tue 2026-11-24 00:00"


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("0 2 * * sunn", "the weekday cannot be 'sunn'; did you mean 'sun'?"),
        ("0 25 * * *", "the hour must be from 0 to 23, not 25"),
        ("60 2 * * *", "the minute must be from 0 to 59, not 60"),
        ("0 2 * * 8", "the weekday must be from 0 to 7, not 8"),
        ("0 2 9-3 * *", "the day of the month must rise, not '9-3'"),
        ("*/0 * * * *", "the minute must step by a whole number from 1, not '0'"),
        ("0 2 * feb-x *", "the month cannot be 'x'; numbers go from 1 to 12"),
        ("0 2 *-3 * *", "the day of the month cannot be '*-3'"),
        ("0 2 l! * *", "the day of the month cannot be 'l!'"),
        ("0 2 * *", "must have five fields (minute, hour, day of the month, month, weekday), such as"),
    ],
)
def test_a_typo_is_named_with_its_field(expression: str, sentence: str) -> None:
    with pytest.raises(CronError) as error:
        parse(expression)
    assert sentence in str(error.value)


def test_a_day_that_no_month_has_never_comes() -> None:
    with pytest.raises(CronError, match="the schedule '0 0 31 2 \\*' never comes"):
        next_time("0 0 31 2 *", SATURDAY.timestamp())


NUMBERS = st.sampled_from([f"{low}-{high}" for low, high in itertools.combinations(range(7), 2)] + ["*", "3"])


@given(st.integers(0, 59), st.integers(0, 23), NUMBERS, st.integers(0, 10**9))
def test_the_next_moment_is_the_first_that_agrees(minute: int, hour: int, days: str, ago_s: int) -> None:
    now = SATURDAY - timedelta(seconds=ago_s)
    low, _, high = days.partition("-")
    wanted = set(range(7)) if days == "*" else set(range(int(low), int(high or low) + 1))
    day = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    while day <= now or day.isoweekday() % 7 not in wanted:
        day += timedelta(days=1)
    assert next_time(f"{minute} {hour} * * {days}", now.timestamp()) == day.timestamp()


def test_a_schedule_of_more_marks_than_the_database_keeps_is_refused():
    minutes = ",".join(str(minute) for minute in range(60))
    with pytest.raises(CronError, match="must have at most 200 marks, not 237; use ranges such as '0-30'"):
        parse(f"{minutes} {','.join(map(str, range(24)))} * * *")
