"""ISO date texts to numbers: parts, ages in days, and the sines and cosines of what comes round."""

import math
from datetime import datetime
from typing import Any

CYCLES = {"month": 12, "weekday": 7, "hour": 24}
PARTS = ("year", "month", "day", "weekday", "hour", "week", "is_weekend", "age_days")
NAMES = (*PARTS, *(f"{wave}_{part}" for part in CYCLES for wave in ("sin", "cos")))
DAY_US = 86_400_000_000


def read_date(text: Any) -> datetime | None:
    """Read an ISO text as a moment without time zone; None if it is none."""
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def part_of(moment: datetime, name: str, newest: datetime | None) -> float:
    """Return one part of a moment; Monday is weekday 0, weeks are ISO weeks, ages count fractions of days."""
    if name.startswith(("sin_", "cos_")):
        turn = 2 * math.pi * part_of(moment, name[4:], None) / CYCLES[name[4:]]
        return math.sin(turn) if name.startswith("sin_") else math.cos(turn)
    if name == "age_days":
        age = (newest or moment) - moment
        return (age.days * DAY_US + age.seconds * 1_000_000 + age.microseconds) / DAY_US
    if name == "weekday":
        return float(moment.weekday())
    if name == "is_weekend":
        return float(moment.weekday() >= 5)
    if name == "week":
        return float(moment.isocalendar().week)
    return float(getattr(moment, name))
