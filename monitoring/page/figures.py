"""A lane's four figures with what they were lately: traffic, latency, drift and quality."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from monitoring.history import Entry
from monitoring.page import words
from monitoring.page.lanes import Shown
from monitoring.page.sparkline import Point, Scale, sparkline

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure.

    Attributes:
        name: What it is called.
        now: What it is now, as HTML.
        line: What it was, oldest first.
        scale: What the drawing's edges stand for.
        say: How a value of the line is written.
        beside: What was estimated.
        limit: Where it alarms.
    """

    name: str
    now: str
    line: Sequence[Point]
    scale: Scale
    say: Callable[[float | None], str]
    beside: Sequence[Point] = ()
    limit: float | None = None

    def drawing(self) -> str:
        """The line as SVG, with its description."""
        values = [point.value for point in self.line if point.value is not None]
        told = f"from {self.say(min(values))} to {self.say(max(values))}" if values else "no figures yet"
        label = f"{self.name}, last {len(self.line)} windows: {told}"
        return sparkline(self.line, self.scale, label=label, beside=self.beside, limit=self.limit)


def panels(shown: Shown, *, span: Span) -> list[Panel]:
    """The figures of a lane.

    Args:
        shown: The lane.
        span: The left and the right edge of the drawings, in seconds since 1970.
    """
    return [
        _traffic(shown, span),
        _latency(shown, span),
        _drift(shown, span),
        _quality(shown, span),
    ]


def _points(
    entries: Sequence[Entry],
    value: Callable[[Entry], float | None],
    is_marked: Callable[[Entry], bool] = lambda _: False,
) -> list[Point]:
    return [Point(each.span.since_s, each.span.until_s, value(each), is_marked(each)) for each in entries]


def _traffic(shown: Shown, span: Span) -> Panel:
    said = shown.result.traffic if shown.result else shown.entry
    line = _points(shown.history, lambda entry: entry.per_second)
    now = words.rate(said.per_second if said else None)
    rows = f" <small>{words.count(said.rows)} rows</small>" if said else ""
    return Panel("Traffic", now + rows, line, Scale.of([line], span=span, floor=0.0), words.rate)


def _latency(shown: Shown, span: Span) -> Panel:
    said = shown.result.traffic if shown.result else shown.entry
    line = _points(shown.history, lambda entry: entry.p99_ms)
    now = words.duration_ms(said.p99_ms if said else None)
    half = f" <small>median {words.duration_ms(said.p50_ms)}</small>" if said else ""
    return Panel("Latency, p99", now + half, line, Scale.of([line], span=span, floor=0.0), words.duration_ms)


def _drift(shown: Shown, span: Span) -> Panel:
    line = _points(shown.history, lambda entry: entry.drift_share, lambda entry: entry.is_drifted)
    drift = shown.result.drift if shown.result else None
    now = words.share(drift.share if drift else shown.entry.drift_share if shown.entry else None)
    counted = f" <small>{len(drift.drifted)} of {len(drift.columns)} columns</small>" if drift else ""
    return Panel("Drift", now + counted, line, Scale(*span, 0.0, 1.0), words.share, limit=shown.drift_share)


def _quality(shown: Shown, span: Span) -> Panel:
    name = shown.metric or ""
    line = _points(shown.history, lambda entry: entry.quality.get(name), lambda entry: entry.is_bad)
    beside = _points(shown.history, lambda entry: entry.estimate.get(name))
    title = f"Quality, {name}" if name else "Quality"
    scale = Scale.of([line, beside], span=span, floor=None)
    return Panel(title, _quality_now(shown, name), line, scale, words.figure, beside=beside)


def _quality_now(shown: Shown, name: str) -> str:
    if name in shown.measured:
        figure = shown.measured[name]
        ends = f"{words.figure(figure.low)} to {words.figure(figure.high)}"
        known = "" if figure.low is None else f" <small>{ends}</small>"
        return words.figure(figure.value) + known
    if name in shown.estimated:
        return f"{words.figure(shown.estimated[name].value)} <small>estimated</small>"
    if shown.entry and name in shown.entry.quality:
        return words.figure(shown.entry.quality[name])
    return f"{words.NONE} <small>no outcomes yet</small>"


def figures(shown: Shown, *, span: Span) -> str:
    """The four figures in a row, each over its line."""
    cells = (
        f"<div><dt>{escape(panel.name)}</dt><dd>{panel.now}</dd>{panel.drawing() if panel.line else ''}</div>"
        for panel in panels(shown, span=span)
    )
    return f'<dl class="figures">{"".join(cells)}</dl>'


def charts(shown: Shown, *, span: Span) -> str:
    """The four figures as larger drawings with their edges named."""
    return f'<div class="charts">{"".join(map(_chart, panels(shown, span=span)))}</div>'


def _chart(panel: Panel) -> str:
    scale = panel.scale
    top = _ends(panel.say(scale.high))
    bottom = _ends(panel.say(scale.low)) if scale.low else ""
    edges = _ends(words.moment(scale.since_s), words.moment(scale.until_s))
    drawn = (
        f"{top}{panel.drawing()}{bottom}{edges}"
        if panel.line
        else '<p class="soft">No closed window yet.</p>'
    )
    title = f'<dl class="figures one"><dt>{escape(panel.name)}</dt><dd>{panel.now}</dd></dl>'
    return f'<div class="chart">{title}{drawn}</div>'


def _ends(*texts: str) -> str:
    return f'<div class="ends">{"".join(f"<span>{text}</span>" for text in texts)}</div>'
