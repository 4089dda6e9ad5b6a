"""A figure over closed windows, drawn as the monitor draws it."""

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from monitoring.page.sparkline import Point, Scale, sparkline
from penstock.console.words import number, when
from penstock.services.watching import Window


def trend(
    windows: Sequence[Window],
    value: Callable[[Window], float | None],
    *,
    label: str,
    limit: float | None = None,
    is_marked: Callable[[Window], bool] = lambda _: False,
) -> Markup:
    """Draw a figure of windows, oldest first; nothing where fewer than two have it.

    Args:
        windows: The windows.
        value: The figure; None where a window has none.
        label: What it is.
        limit: Where it begins to alarm.
        is_marked: Whether a window is one to look at.
    """
    line = [Point(each.since_s, each.until_s, value(each), is_marked(each)) for each in windows]
    known = [point.value for point in line if point.value is not None]
    if len(known) < 2:
        return Markup("")
    scale = Scale.of(
        [line], span=(line[0].since_s, line[-1].until_s), floor=0.0 if limit is not None else None
    )
    said = f"{label}: {number(known[0])} at first, {number(known[-1])} now, at most {number(max(known))}"
    # The monitor escapes what it draws.
    return Markup(sparkline(line, scale, label=said, limit=limit))  # noqa: S704


def spanned(
    what: str,
    windows: Sequence[Window],
    value: Callable[[Window], float | None],
    told: Callable[[float], str] = number,
) -> Markup:
    """A trend's caption: what it is, where it begins and ends, and from when to when."""
    known = [(each, found) for each in windows if (found := value(each)) is not None]
    if not known:
        return escape(what)
    (first, begin), (last, end) = known[0], known[-1]
    return Markup("{}: {} to {}, from {} to {}").format(
        what, told(begin), told(end), when(first.since_s), when(last.until_s)
    )
