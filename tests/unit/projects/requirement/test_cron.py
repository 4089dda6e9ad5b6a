"""A schedule with a typo is refused by the field's name."""

import pytest

from projects.requirement.cron import check_cron


@pytest.mark.parametrize(
    "text",
    ["0 2 * * 0", "*/15 * * * *", "30 6 1,15 * *", "0 8-18/2 * * mon-fri", "0 0 29 2 *", "5/10 * * * 7"],
)
def test_a_schedule_is_taken(text):
    check_cron(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0 25 * * 0", "the hour of the schedule '0 25 * * 0' must be from 0 to 23, not '25'"),
        ("60 2 * * 0", "the minute of the schedule '60 2 * * 0' must be from 0 to 59, not '60'"),
        ("0 2 * * sonday", "must be from 0 to 7, not 'sonday'; there are sun, mon, tue"),
        ("0 2 * 13 *", "the month of the schedule '0 2 * 13 *' must be from 1 to 12, not '13'"),
        ("0 2 * *", "has 4 fields, not five (minute, hour, day of the month, month, weekday)"),
        ("*/0 * * * *", "the minute of the schedule '*/0 * * * *' must step by a number from 1, not '0'"),
        ("0 18-8 * * *", "the hour of the schedule '0 18-8 * * *' must rise, not '18-8'"),
        ("0 2 30 2 *", "never comes: no month of it has 30 days"),
        ("0 2 ? * *", "the day of the month of the schedule '0 2 ? * *' cannot be '?'"),
    ],
)
def test_what_is_wrong_is_named(text, sentence):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is looked at below
        check_cron(text)
    assert sentence in str(error.value)
