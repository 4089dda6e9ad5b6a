"""Five cron fields as cron itself reads them, told by APScheduler's triggers.

APScheduler counts weekdays from Monday and wants the day of the month and the weekday to agree; cron counts
from Sunday and takes either where both are named. Times are UTC.
"""

import difflib
import re
from datetime import UTC, datetime
from functools import lru_cache

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

FIELDS = ("minute", "hour", "day of the month", "month", "weekday")
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONGEST = 200
"""What the database keeps of an expression."""
_PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\w+))?")


class CronError(ValueError):
    """An expression that is no schedule; the message says which field, why and what is taken."""


def next_time(expression: str, after_s: float) -> float:
    """The first moment of a schedule after a time.

    Args:
        expression: Minute, hour, day of the month, month and weekday, parted by blanks.
        after_s: Seconds since 1970.

    Raises:
        CronError: The expression is no schedule, or never comes.
    """
    after = datetime.fromtimestamp(after_s, UTC)
    found = parse(expression).get_next_fire_time(after, after)
    if found is None:
        raise CronError(f"the schedule '{expression}' never comes: no month has that day")
    return float(found.timestamp())


def is_schedule(expression: str, now_s: float) -> bool:
    """Whether an expression is a schedule that comes."""
    try:
        next_time(expression, now_s)
    except CronError:
        return False
    return True


@lru_cache(maxsize=1_024)
def parse(expression: str) -> BaseTrigger:
    """Read an expression.

    Raises:
        CronError: It is no schedule.
    """
    if len(expression) > LONGEST:
        raise CronError(
            f"the schedule '{expression[:20]}...' must have at most {LONGEST} marks, not {len(expression)};"
            " use ranges such as '0-30'"
        )
    words = expression.split()
    if len(words) != len(FIELDS):
        raise CronError(
            f"the schedule '{expression}' must have five fields ({', '.join(FIELDS)}), such as '0 2 * * 0', "
            f"not {len(words)}"
        )
    minute, hour, day, month, weekday = (
        _numbers(word, place, expression) for place, word in enumerate(words)
    )
    if words[2].startswith("*") or words[4].startswith("*"):
        return _trigger(minute, hour, day, month, weekday)
    return OrTrigger([_trigger(minute, hour, day, month, None), _trigger(minute, hour, None, month, weekday)])


def _trigger(
    minute: list[int], hour: list[int], day: list[int] | None, month: list[int], weekday: list[int] | None
) -> CronTrigger:
    return CronTrigger(
        minute=_listed(minute),
        hour=_listed(hour),
        day=_listed(day) if day else "*",
        month=_listed(month),
        day_of_week=",".join(WEEKDAYS[number] for number in weekday) if weekday else "*",
        timezone=UTC,
    )


def _listed(numbers: list[int]) -> str:
    return ",".join(str(number) for number in numbers)


def _numbers(word: str, place: int, expression: str) -> list[int]:
    """All numbers that a field stands for, in ascending order."""
    found: set[int] = set()
    for part in word.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise _wrong(expression, place, f"cannot be '{part}'")
        found.update(_range(match, place, expression))
    if place == FIELDS.index("weekday"):
        found = {number % 7 for number in found}
    return sorted(found)


def _range(match: re.Match[str], place: int, expression: str) -> range:
    least, most = RANGES[place]
    first, last, step = match.group("first", "last", "step")
    if step is not None and (not step.isdecimal() or int(step) == 0):
        raise _wrong(expression, place, f"must step by a whole number from 1, not '{step}'")
    if first == "*":
        if last is not None:
            raise _wrong(expression, place, f"cannot be '{match.group()}'")
        low, high = least, min(most, 6) if place == 4 else most
    else:
        low = _number(first, place, expression)
        high = _number(last, place, expression) if last else most if step else low
    if place == 4 and last and high == 0:
        high = 7  # to Sunday
    if low > high:
        raise _wrong(expression, place, f"must rise, not '{match.group()}'")
    return range(low, high + 1, int(step or 1))


def _number(word: str, place: int, expression: str) -> int:
    least, most = RANGES[place]
    names = {3: MONTHS, 4: WEEKDAYS}.get(place, ())
    if word.isdecimal():
        number = int(word)
        if not least <= number <= most:
            raise _wrong(expression, place, f"must be from {least} to {most}, not {word}")
        return number
    if word.lower() in names:
        return names.index(word.lower()) + least
    near = difflib.get_close_matches(word.lower(), names, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else f"; numbers go from {least} to {most}"
    raise _wrong(expression, place, f"cannot be '{word}'{hint}")


def _wrong(expression: str, place: int, why: str) -> CronError:
    return CronError(f"the schedule '{expression}': the {FIELDS[place]} {why}")
