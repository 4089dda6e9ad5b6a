"""Curves over steps, such as losses over rounds, with a sentence and a table that say the same."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from penstock.console.words import number

WIDTH, HEIGHT, MARGIN = 600.0, 200.0, 6.0
MOST_DRAWN = 400
MOST_TOLD = 12


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves on one scale.

    Attributes:
        what: What is drawn, in a few words.
        over: What the steps are, such as `round`.
        lines: Values by name, one a step; at most four lines are told apart.
        at: Where the steps lie, ascending, such as counts of rows; empty for 1, 2, 3 ...
        is_more_better: Whether the highest point is the one to tell, rather than the lowest.
    """

    what: str
    over: str
    lines: Mapping[str, Sequence[float]]
    at: Sequence[float] = ()
    is_more_better: bool = False

    def step(self, place: int) -> str:
        """A step in words: `round 3`, or `400 rows`."""
        return f"{number(self.at[place])} {self.over}" if self.at else f"{self.over} {place + 1}"


def draw(curves: Curves) -> Markup:
    """A figure of curves; empty where there is nothing to draw."""
    lines = {name: [float(each) for each in values] for name, values in curves.lines.items() if len(values)}
    lines = dict(list(lines.items())[:4])
    finite = [each for values in lines.values() for each in values if math.isfinite(each)]
    if not finite:
        return Markup("")
    low, high = min(finite), max(finite)
    last = max(len(values) for values in lines.values())
    paths = [
        Markup('<path class="s{}" d="{}"/>').format(place, _path(values, low, high, _places(curves.at, last)))
        for place, values in enumerate(lines.values(), 1)
    ]
    return Markup(
        '<figure class="chart"><figcaption>{what}</figcaption><div class="plot">'
        '<span class="high">{high}</span><span class="low">{low}</span>'
        '<svg viewBox="0 0 {width:g} {height:g}" preserveAspectRatio="none" role="img">'
        "<title>{words}</title>{paths}</svg>"
        '<span class="ends"><span>{first}</span><span>{last}</span></span></div>'
        "{legend}{table}</figure>"
    ).format(
        what=curves.what, high=number(high), low=number(low), width=WIDTH, height=HEIGHT,
        words=in_words(curves, lines), paths=Markup("").join(paths), first=curves.step(0),
        last=curves.step(last - 1), legend=_legend(lines), table=_table(curves, lines, last),
    )  # fmt: skip


def in_words(curves: Curves, lines: Mapping[str, Sequence[float]]) -> str:
    """What the curves show: where each begins and ends, and its best point."""
    said, best_of, best = [], (max if curves.is_more_better else min), "lowest"
    if curves.is_more_better:
        best = "highest"
    for name, values in lines.items():
        steps = [(value, place) for place, value in enumerate(values) if math.isfinite(value)]
        if not steps:
            continue
        (first, _), (end, _) = steps[0], steps[-1]
        value, place = best_of(steps, key=lambda step: step[0])
        said.append(
            f"{name} from {number(first)} to {number(end)}, {best} {number(value)} at {curves.step(place)}"
        )
    return f"{curves.what}: {'; '.join(said)}"


def _places(at: Sequence[float], last: int) -> list[float]:
    """Where each step lies between the left end, 0, and the right one, 1."""
    if len(at) < 2:
        return [place / max(last - 1, 1) for place in range(last)]
    return [(each - at[0]) / ((at[-1] - at[0]) or 1.0) for each in at]


def _path(values: Sequence[float], low: float, high: float, places: Sequence[float]) -> str:
    every = max(1, math.ceil(len(values) / MOST_DRAWN))
    wide, tall = WIDTH - 2 * MARGIN, (HEIGHT - 2 * MARGIN) / ((high - low) or 1.0)
    steps, pen = [], "M"
    for place, value in enumerate(values):
        if place % every and place != len(values) - 1:
            continue
        if not math.isfinite(value):
            pen = "M"
            continue
        steps.append(f"{pen}{MARGIN + places[place] * wide:.1f} {HEIGHT - MARGIN - (value - low) * tall:.1f}")
        pen = "L"
    # A line of no length with round ends is a dot, for a curve of one step.
    return "".join(steps) + ("h0.1" if len(steps) == 1 else "")


def _legend(lines: Mapping[str, Sequence[float]]) -> Markup:
    entry = Markup(
        '<li><svg viewBox="0 0 30 10" aria-hidden="true"><path class="s{}" d="M0 5H30"/></svg>{}</li>'
    )
    entries = Markup("").join(entry.format(place, name) for place, name in enumerate(lines, 1))
    return Markup('<ul class="legend">{}</ul>').format(entries)


def _table(curves: Curves, lines: Mapping[str, Sequence[float]], last: int) -> Markup:
    every = max(1, math.ceil(last / MOST_TOLD))
    told = sorted({*range(0, last, every), last - 1})
    head = Markup("").join(Markup('<th scope="col" class="n">{}</th>').format(name) for name in lines)
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            number(curves.at[place]) if curves.at else place + 1,
            Markup("").join(
                Markup('<td class="n">{}</td>').format(number(values[place]) if place < len(values) else "-")
                for values in lines.values()
            ),
        )
        for place in told
    )
    return Markup(
        "<details><summary>The same as a table</summary>"
        '<div class="wide" tabindex="0" role="region" aria-label="{3} as a table"><table><thead><tr>'
        '<th scope="col">{0}</th>{1}</tr></thead><tbody>{2}</tbody></table></div></details>'
    ).format(curves.over, head, rows, curves.what)
