"""Figures as people read them."""

from datetime import UTC, datetime

NONE = "\u2013"


def count(number: float) -> str:
    """A whole number: 950, 12,300, 1.2 M."""
    if abs(number) >= 1e6:
        return f"{number / 1e6:.3g} M"
    return f"{number:,.0f}"


def rate(per_second: float | None) -> str:
    """Predictions a second; few of them a minute or an hour."""
    if per_second is None:
        return NONE
    for factor, unit in ((1.0, "s"), (60.0, "min"), (3600.0, "h")):
        if per_second * factor >= 1:
            return f"{_short(per_second * factor)}/{unit}"
    return f"{_short(per_second * 86_400)}/d" if per_second else "0/s"


def duration_ms(milliseconds: float | None) -> str:
    """A latency."""
    if milliseconds is None:
        return NONE
    return f"{_short(milliseconds)} ms" if milliseconds < 1000 else f"{_short(milliseconds / 1000)} s"


def share(part: float | None) -> str:
    """A share of one, in percent."""
    if part is None:
        return NONE
    return f"{part:.0%}" if part == 0 or part >= 0.0995 else "<0.1%" if part < 0.001 else f"{part:.1%}"


def figure(value: float | None) -> str:
    """A metric, with four digits at most."""
    if value is None:
        return NONE
    return f"{value:.3f}" if abs(value) <= 1 else _short(value)


def length(seconds: float) -> str:
    """How long, in the largest unit of which there is one: 90 s, 5 min, 2 h, 3 d."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or seconds == size:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds)} s"


def ago(time_s: float, now_s: float) -> str:
    """How long ago a moment was."""
    return f"{length(max(0.0, round(now_s - time_s)))} ago"


def moment(time_s: float) -> str:
    """A moment, in UTC."""
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M}"


def _short(value: float) -> str:
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 4
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
