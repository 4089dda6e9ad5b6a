"""A schedule in cron's five fields, as a person writes it: read only to say what is wrong with it.

0 2 * * 0        on Sundays at 2:00        */15 * * * *      every quarter of an hour
30 6 1,15 * *    twice a month, at 6:30    0 8-18/2 * * mon-fri
"""

import re

from projects.hints import did_you_mean

FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 7),
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES = {"month": MONTHS, "weekday": WEEKDAYS}
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""The most days of each month."""
PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\w+))?")
EXAMPLE = "write it like '0 2 * * 0', Sundays at 2:00"


def check_cron(text: str) -> None:
    """Refuse what is no schedule.

    Raises:
        ValueError: Which field is wrong, and what it may be.
    """
    words = text.split()
    if len(words) != len(FIELDS):
        fields = ", ".join(name for name, _, _ in FIELDS)
        raise ValueError(f"the schedule '{text}' has {len(words)} fields, not five ({fields}); {EXAMPLE}")
    numbers = [_numbers(text, word, *field) for word, field in zip(words, FIELDS, strict=True)]
    days, months = numbers[2], numbers[3]
    if words[4].startswith("*") and all(min(days) > DAYS[month - 1] for month in months):
        raise ValueError(f"the schedule '{text}' never comes: no month of it has {min(days)} days")


def _numbers(text: str, word: str, name: str, least: int, most: int) -> set[int]:
    found: set[int] = set()
    for part in word.split(","):
        match = PART.fullmatch(part)
        if match is None or (match["first"] == "*" and match["last"]):
            raise ValueError(f"the {name} of the schedule '{text}' cannot be '{part}'; {EXAMPLE}")
        step = match["step"]
        if step is not None and not (step.isdecimal() and int(step) > 0):
            raise ValueError(
                f"the {name} of the schedule '{text}' must step by a number from 1, not '{step}'"
            )
        low = least if match["first"] == "*" else _number(text, match["first"], name, least, most)
        ends_open = match["first"] == "*" or (step is not None and not match["last"])
        high = most if ends_open else _number(text, match["last"] or match["first"], name, least, most)
        if name == "weekday" and match["last"] and high == 0:
            high = 7  # to Sunday
        if low > high:
            raise ValueError(f"the {name} of the schedule '{text}' must rise, not '{part}'; {EXAMPLE}")
        found.update(range(low, high + 1, int(step or 1)))
    return found


def _number(text: str, word: str, name: str, least: int, most: int) -> int:
    names = NAMES.get(name, ())
    if word.lower() in names:
        return names.index(word.lower()) + least
    if word.isdecimal() and least <= int(word) <= most:
        return int(word)
    hint = f"; {did_you_mean(word, names)}" if names and not word.isdecimal() else ""
    raise ValueError(
        f"the {name} of the schedule '{text}' must be from {least} to {most}, not '{word}'{hint}"
    )
