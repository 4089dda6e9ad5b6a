"""Numbers, times and sizes as people read them."""

import math
import re
from datetime import UTC, datetime

from markupsafe import Markup, escape

_FOR_PROGRAMS = re.compile(r"`(?:GET|POST|PUT|PATCH|DELETE) /")
_NO_WORDS = "The model card lies beside the model"
_ERRNO = re.compile(r"\[Errno -?\d+\] ")
_FOLDERS = re.compile(r"'/(?:[^'/]+/)+(?=[^'/]+')")
"""What stands before a file's name, where the server's folders are told."""
_NAMED_ERROR = re.compile(r" \([A-Za-z]+Error\)$")
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def number(value: object) -> str:
    """A number with as many digits as are read; anything else as it is.

    >>> number(12345), number(0.123456), number(float("nan")), number("12a"), number(True)
    ('12,345', '0.1235', '-', '12a', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return "-" if value is None else str(value)
    if not math.isfinite(value):
        return "-"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(share: float | None) -> str:
    """A share as a percentage.

    >>> percent(0.1234), percent(1), percent(None)
    ('12.3 %', '100 %', '-')
    """
    return "-" if share is None or not math.isfinite(share) else f"{round(share * 100, 1):g} %"


def size(size_bytes: float) -> str:
    """A size in the unit that suits it.

    >>> size(0), size(1_500), size(80_000_000)
    ('0 bytes', '1.5 KB', '80 MB')
    """
    unit = 0
    while abs(size_bytes) >= 999.5 and unit < len(_UNITS) - 1:
        size_bytes, unit = size_bytes / 1000, unit + 1
    return f"{size_bytes:.3g} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """A stretch of time in its two largest units.

    >>> duration(0.4), duration(65), duration(7260), duration(180000)
    ('0.4 s', '1 min 5 s', '2 h 1 min', '2 d 2 h')
    """
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest_s} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def when(seconds: float) -> Markup:
    """A moment as a `time` element, in UTC; a dash for none.

    Args:
        seconds: Since 1970.
    """
    if not seconds:
        return Markup("-")
    moment = datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), moment.strftime("%d %b %Y, %H:%M UTC")
    )


def told_time(text: str) -> Markup:
    """The same for a moment that is written in ISO form; other text as it is."""
    try:
        return when(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return escape(text)


def small(value: float) -> str:
    """A figure whose thousandths are enough; what is less is said to be.

    >>> small(12.3456), small(0.0123), small(2.5e-7), small(0.0)
    ('12.35', '0.012', 'under 0.001', '0')
    """
    if 0 < value < 0.001:
        return "under 0.001"
    return number(round(value, 3))


def sentence(text: object) -> str:
    """What went wrong, as a whole sentence; what only programs know of or can do about it is left out.

    >>> sentence("the file is empty; send another")
    'The file is empty; send another.'
    >>> sentence("there is no job 'x'; `GET /api/ml/jobs` lists yours")
    "There is no job 'x'."
    >>> sentence("the gateway is away ([Errno 111] Connection refused)"), sentence("is it on? (OSError)")
    ('The gateway is away (Connection refused).', 'Is it on?')
    >>> sentence("'/srv/var/data/photo.png' is an image, not a table; give CSV")
    "'photo.png' is an image, not a table; give CSV."
    >>> sentence("split_ratio must be a number"), sentence("Done.")
    ('split_ratio must be a number.', 'Done.')
    """
    said = str(text).strip()
    head, _, tail = said.rpartition("; ")
    if head and _FOR_PROGRAMS.match(tail):
        said = head
    said = _FOLDERS.sub("'", _NAMED_ERROR.sub("", _ERRNO.sub("", said)))
    first = said.split(" ", 1)[0]
    if first.isalpha():
        said = said[:1].upper() + said[1:]
    return said if not said or said[-1] in ".!?" else f"{said}."


def described(text: str) -> str:
    """What a person wrote about a version; empty where its training only says where the card is."""
    return "" if text.startswith(_NO_WORDS) else text


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> plural(1, "row"), plural(1200, "row"), plural(2, "entry", "entries")
    ('1 row', '1,200 rows', '2 entries')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
