"""The overview: every lane, the worst first; where there are many, the steady ones in short."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from monitoring.page import words
from monitoring.page.decisions import decisions
from monitoring.page.figures import figures
from monitoring.page.frame import chip, frame, tone
from monitoring.page.lanes import SAID, URGENT, Shown, State
from monitoring.page.links import Elsewhere, model_page
from monitoring.retraining.journal import Decision

IN_FULL = 12
"""So many lanes are shown in full, whatever they are; beyond them only those that need a look."""
MOST_IN_FULL = 60
NAMED = 6


@dataclass(frozen=True, slots=True)
class Round:
    """What the pages tell of the monitor itself.

    Attributes:
        now_s: The time, in seconds since 1970.
        checked_s: When the newest round ended; 0 before the first.
        window_s: The window's length in seconds.
        span: What the drawings span, in seconds since 1970.
        notice: A sentence that all should read, such as that this monitor stands by; empty for none.
    """

    now_s: float
    checked_s: float
    window_s: float
    span: tuple[float, float]
    notice: str = ""

    def said(self) -> str:
        """When was checked, and what."""
        when = f"checked {words.ago(self.checked_s, self.now_s)}" if self.checked_s else "not checked yet"
        return f"Last {words.length(self.window_s)} of predictions, {when}"


def overview(
    shown: Sequence[Shown],
    made: Round,
    elsewhere: Elsewhere,
    *,
    decided: Sequence[Decision] = (),
    is_all: bool = False,
) -> str:
    """The page as HTML.

    Args:
        shown: All lanes, the worst first.
        made: What is told of the monitor.
        elsewhere: Where links go.
        decided: The newest decisions, oldest first.
        is_all: Whether steady lanes are shown in full however many they are.
    """
    full, short = _split(shown, is_all=is_all)
    lanes = "".join(_lane(each, made, elsewhere) for each in full)
    if not shown:
        lanes = f"<p>The last check found no predictions in the last {words.length(made.window_s)}.</p>"
    journal = decisions(decided, now_s=made.now_s, has_model=True)
    body = f"""<div class="top"><h1>Penstock monitor</h1><span class="soft">{made.said()}</span>
<span class="links">{elsewhere.home()}<a href="/metrics">metrics</a></span></div>
{notice(made.notice)}{_sum(shown)}{lanes}<h2>Decisions</h2><div class="box">{journal}</div>
{_short(short)}"""
    return frame(_title(shown), body)


def notice(sentence: str) -> str:
    """A banner with a sentence, or nothing."""
    return f'<div class="banner">{escape(sentence[0].upper() + sentence[1:])}</div>' if sentence else ""


def who(shown: Shown, *, is_linked: bool = True) -> str:
    """A lane's name, stage and state."""
    lane, result = shown.lane, shown.result
    name = f"<b>{escape(lane.model)}</b>"
    name = f'<a href="{model_page(lane.model)}">{name}</a>' if is_linked else name
    stage = f" &middot; {escape(result.stage)}" if result and result.stage not in ("None", "?") else ""
    about = f"version {escape(lane.version)} &middot; {escape(lane.variant)}{stage}"
    return f'<div class="who">{name}{chip(shown.state)}<br><span class="soft">{about}</span></div>'


def _split(shown: Sequence[Shown], *, is_all: bool) -> tuple[Sequence[Shown], Sequence[Shown]]:
    if is_all:
        return shown, ()
    urgent = sum(each.state in URGENT for each in shown)
    watched = sum(each.state != State.SILENT for each in shown)
    kept = watched if watched <= IN_FULL else min(max(urgent, IN_FULL // 2), MOST_IN_FULL)
    return shown[:kept], shown[kept:]


def _title(shown: Sequence[Shown]) -> str:
    urgent = sum(each.state in URGENT for each in shown)
    return f"({urgent}) Penstock monitor" if urgent else "Penstock monitor"


def _sum(shown: Sequence[Shown]) -> str:
    counts = Counter(each.state for each in shown)
    chips = "".join(f"<li>{chip(state, counts[state])}</li>" for state in State if counts[state])
    return f'<ul class="sum">{chips}</ul>' if chips else ""


def _lane(shown: Shown, made: Round, elsewhere: Elsewhere) -> str:
    drawn = figures(shown, span=made.span)
    links = elsewhere.of_lane(shown.result, shown.lane)
    said = escape("; ".join(sentences(shown)))
    below = f'<div class="said"><span class="why">{said}</span><span class="links">{links}</span></div>'
    state = f"lane {tone(shown.state)}"
    return f'<article class="{state}">{who(shown)}{drawn}{below if said or links else ""}</article>'


def sentences(shown: Shown) -> list[str]:
    """What is wrong with a lane, or why nothing is known."""
    result = shown.result
    if result is None:
        last = shown.history[-1] if shown.history else None
        return [f"as of the window that closed at {words.moment(last.span.until_s)} UTC"] if last else []
    said = [result.note] if result.note else []
    if result.drift and result.drift.drifted:
        named = [column.name for column in result.drift.ranked if column.is_drifted]
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        said.append(f"drifted: {', '.join(named[:NAMED])}{more}")
    if result.drift:
        said += result.drift.findings[:2]
    return said


def _short(shown: Sequence[Shown]) -> str:
    """Lanes in a line each, by state; no fold that a page loading itself anew would close."""
    if not shown:
        return ""
    parts = []
    for state in State:
        mine = [each for each in shown if each.state == state]
        if mine:
            items = "".join(f"<li>{_line(each)}</li>" for each in mine)
            parts.append(f'<h3>{len(mine)} {SAID[state].lower()}</h3><ul class="quiet">{items}</ul>')
    return f'<h2>The others</h2><div class="box">{"".join(parts)}<a href="/?all=1">Show all in full</a></div>'


def _line(shown: Shown) -> str:
    result, lane = shown.result, shown.lane
    figure = ""
    if result:
        drift = f", drift {words.share(result.drift.share)}" if result.drift else ""
        figure = f" &middot; {words.rate(result.traffic.per_second)}{drift}"
    note = escape("; ".join(sentences(shown)))
    name = f'<a href="{model_page(lane.model)}" title="{note}">{escape(lane.model)}</a>'
    return f'{name} <span class="soft">{escape(lane.version)} {escape(lane.variant)}{figure}</span>'
