"""Histograms and bars as inline SVG: no script, no outside resource, read aloud by their titles."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Literal

from projects.quality.model import Histogram
from projects.quality.wording import amount, figure, share

WIDTH, HEIGHT, BASE = 320, 84, 66
GAP = 1.5
AXIS = 80
Drawn = Literal["number", "year", "moment"]


def histogram_svg(histogram: Histogram, name: str, *, kind: Drawn = "number") -> str:
    """Draw a histogram.

    Args:
        histogram: Its bins.
        name: The column's, for those who listen.
        kind: What the edges are; moments are seconds since 1970.
    """
    low, high = _ends(histogram, kind)
    most, bins = max((*histogram.counts, 1)), len(histogram.counts)
    width = WIDTH / bins
    bars = "".join(
        _bar(at * width, width, count, most, _span(histogram, at, kind))
        for at, count in enumerate(histogram.counts)
        if count
    )
    said = escape(
        f"Histogram of {name:.60} from {low} to {high}, at most {amount(most)} in a bin", quote=True
    )
    labels = (
        f'<text x="0" y="{AXIS}">{escape(low)}</text>'
        f'<text x="{WIDTH}" y="{AXIS}" text-anchor="end">{escape(high)}</text>'
    )
    line = f'<path d="M0 {BASE + 0.5}H{WIDTH}"/>'
    return (
        f'<svg class=h viewBox="0 0 {WIDTH} {HEIGHT}" role=img aria-label="{said}">{bars}{line}{labels}</svg>'
    )


def bars_html(rows: Sequence[tuple[str, float, str]]) -> str:
    """Draw bars beside their labels: what it is, how long from 0 to 1, and what is written behind it."""
    drawn = "".join(
        f'<li><span class=l title="{escape(label, quote=True)}">{escape(label)}</span>'
        f'<span class=b><i style="width:{max(min(part, 1.0), 0.0) * 100:.1f}%"></i></span>'
        f"<span class=v>{escape(told)}</span></li>"
        for label, part, told in rows
    )
    return f"<ul class=bars>{drawn}</ul>"


def top_rows(top: Sequence[tuple[str, int]], held: int, shown: int) -> list[tuple[str, float, str]]:
    """Return the bars of the most frequent values, and one of all others."""
    rows = [
        (value if value.strip() else f"{value!r}", count / held, f"{amount(count)} · {share(count / held)}")
        for value, count in top[:shown]
    ]
    others = held - sum(count for _, count in top[:shown])
    if others > 0:
        rows.append(("all others", others / held, f"{amount(others)} · {share(others / held)}"))
    return rows


def _bar(x: float, width: float, count: int, most: int, title: str) -> str:
    height = max(count / most * (BASE - 4), 1.0)
    gap = min(GAP, width / 4)
    return (
        f'<rect x="{x + gap / 2:.1f}" y="{BASE - height:.1f}" width="{width - gap:.1f}"'
        f' height="{height:.1f}">'
        f"<title>{escape(title)}: {amount(count)}</title></rect>"
    )


def _span(histogram: Histogram, at: int, kind: Drawn) -> str:
    low, high = histogram.edges[at], histogram.edges[at + 1]
    if kind != "moment" and high - low == 1 and low % 1 == 0.5:
        return figure(low + 0.5, is_year=kind == "year")
    return f"{_edge(low, kind)} to {_edge(high, kind)}"


def _ends(histogram: Histogram, kind: Drawn) -> tuple[str, str]:
    """Return what the first and the last bin begin and end at; of whole numbers the numbers in them."""
    low, high = histogram.edges[0], histogram.edges[-1]
    if kind != "moment" and low % 1 == 0.5 and (histogram.edges[1] - low) % 1 == 0:
        low, high = low + 0.5, high - 0.5
    return _edge(low, kind), _edge(high, kind)


def _edge(value: float, kind: Drawn) -> str:
    if kind != "moment":
        return figure(float(f"{value:.6g}"), is_year=kind == "year")
    try:
        return datetime.fromtimestamp(value, tz=UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return figure(value)
