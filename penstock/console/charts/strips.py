"""One figure as one strip: a mean with its interval, or a share of a whole."""

import math

from markupsafe import Markup

from penstock.console.words import number, percent


def whisker(mean: float, low: float, high: float, *, scale: tuple[float, float]) -> Markup:
    """A mean and its interval on a scale that several strips share.

    Args:
        mean: The mean.
        low: The interval's lower end.
        high: Its upper end.
        scale: What the strip's left and right ends stand for.
    """
    if not all(math.isfinite(each) for each in (mean, low, high, *scale)):
        return Markup("")
    return Markup(
        '<svg class="whisker" viewBox="0 0 200 20" preserveAspectRatio="none" role="img"><title>{}</title>'
        '<path class="range" d="M{:.1f} 10H{:.1f}"/><path class="dot" d="M{:.1f} 10h0.1"/></svg>'
    ).format(
        f"{number(mean)}, between {number(low)} and {number(high)}",
        _at(low, scale),
        _at(high, scale),
        _at(mean, scale),
    )


def bar(share: float | None, *, label: str, is_over: bool = False) -> Markup:
    """A share of a whole.

    Args:
        share: 0 to 1; what lies beyond is drawn at the end.
        label: What it is, for those who do not see it.
        is_over: Whether it is more than it should be.
    """
    if share is None or not math.isfinite(share):
        return Markup("")
    return Markup(
        '<svg class="bar{}" viewBox="0 0 100 8" preserveAspectRatio="none" role="img"><title>{}: {}</title>'
        '<rect class="all" width="100" height="8"/><rect class="part" width="{:.1f}" height="8"/></svg>'
    ).format(" over" if is_over else "", label, percent(share), 100 * min(max(share, 0.0), 1.0))


def _at(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    share = (value - low) / (high - low) if high > low else 0.5
    return 8 + 184 * min(max(share, 0.0), 1.0)
