"""A line of figures over time as inline SVG: no script, no asset, and readable without seeing it.

The drawing is stretched to the place that it gets; strokes and dots are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, MARGIN = 240.0, 40.0, 4.0
_GAP = 1.5
"""Windows that begin later than so many window lengths after the one before leave a gap."""


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of a window.

    Attributes:
        since_s: Where the window begins, in seconds since 1970.
        until_s: Where it ends.
        value: The figure; None where the window has none.
        is_marked: Whether the window is one to look at.
    """

    since_s: float
    until_s: float
    value: float | None
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """What the drawing's edges stand for.

    Attributes:
        since_s: The left edge.
        until_s: The right edge.
        low: The lower edge.
        high: The upper edge.
    """

    since_s: float
    until_s: float
    low: float
    high: float

    @classmethod
    def of(
        cls, lines: Sequence[Sequence[Point]], *, span: tuple[float, float], floor: float | None
    ) -> "Scale":
        """The scale on which lines fit.

        Args:
            lines: All that is drawn on it.
            span: The left and the right edge, in seconds since 1970.
            floor: The lower edge; None where the lowest figure is.
        """
        values = [point.value for line in lines for point in line if point.value is not None]
        low = min(values, default=0.0) if floor is None else floor
        high = max([*values, low])
        if high == low:
            high, low = (
                high + (abs(high) or 1.0) / 2,
                low if floor is not None else low - (abs(low) or 1.0) / 2,
            )
        return cls(*span, low, high)

    def at(self, point: Point) -> tuple[float, float]:
        """Where a point with a value lies."""
        width = max(self.until_s - self.since_s, 1e-9)
        x = MARGIN + (WIDTH - 2 * MARGIN) * ((point.since_s + point.until_s) / 2 - self.since_s) / width
        return x, self.height(point.value or 0.0)

    def height(self, value: float) -> float:
        """How far from the top a value lies."""
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * min(max(share, 0.0), 1.0)


def sparkline(
    line: Sequence[Point],
    scale: Scale,
    *,
    label: str,
    beside: Sequence[Point] = (),
    limit: float | None = None,
) -> str:
    """Draw a line.

    Args:
        line: The windows, oldest first.
        scale: What the edges stand for.
        label: What it is, in words, for those who do not see it.
        beside: A second line, drawn fainter and dashed.
        limit: Where a dashed horizontal line goes.
    """
    drawn = [f'<svg class="spark" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none" role="img">']
    drawn.append(f"<title>{escape(label)}</title>")
    if limit is not None and scale.low <= limit <= scale.high:
        y = f"{scale.height(limit):.1f}"
        drawn.append(f'<path class="limit" d="M0 {y}H{WIDTH:g}"/>')
    drawn += [f'<path class="beside" d="{_path(beside, scale)}"/>'] if beside else []
    drawn.append(f'<path class="line" d="{_path(line, scale)}"/>')
    shown = [point for point in line if point.value is not None]
    drawn += [_dot(point, scale, "marked") for point in shown[:-1] if point.is_marked]
    drawn += [_dot(point, scale, "now marked" if point.is_marked else "now") for point in shown[-1:]]
    return "".join([*drawn, "</svg>"])


def _path(line: Sequence[Point], scale: Scale) -> str:
    steps, before = [], None
    for point in line:
        if point.value is None:
            before = None
            continue
        length = point.until_s - point.since_s
        is_next = before is not None and point.since_s - before.until_s <= _GAP * length
        x, y = scale.at(point)
        steps.append(f"{'L' if is_next else 'M'}{x:.1f} {y:.1f}")
        before = point
    return "".join(steps)


def _dot(point: Point, scale: Scale, kind: str) -> str:
    """A line of no length with round ends stays round when the drawing is stretched."""
    x, y = scale.at(point)
    return f'<path class="dot {kind}" d="M{x:.1f} {y:.1f}h0"/>'
