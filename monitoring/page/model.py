"""A model's page: each lane's history, quality and columns, and what was decided about the model."""

from collections.abc import Sequence
from html import escape

from monitoring.history import Entry
from monitoring.lane import Lane
from monitoring.page import words
from monitoring.page.columns import columns
from monitoring.page.decisions import decisions
from monitoring.page.figures import charts
from monitoring.page.frame import chip, frame, tone
from monitoring.page.lanes import Shown
from monitoring.page.links import Elsewhere
from monitoring.page.overview import Round, notice, sentences
from monitoring.page.quality import quality
from monitoring.retraining.journal import Decision

WINDOWS = 24


def model_page(
    model: str,
    shown: Sequence[Shown],
    made: Round,
    elsewhere: Elsewhere,
    *,
    decided: Sequence[Decision],
    asked: str = "",
) -> str:
    """The page as HTML.

    Args:
        model: The registered model's name.
        shown: Its lanes, the worst first.
        made: What is told of the monitor.
        elsewhere: Where links go.
        decided: The newest decisions on it, oldest first.
        asked: What became of a report that was asked for; empty for nothing.
    """
    lanes = "".join(_lane(each, made, elsewhere) for each in shown)
    journal = decisions(decided, now_s=made.now_s, has_model=False)
    told = f'<div class="banner plain">{escape(asked)}</div>' if asked else ""
    body = f"""<div class="top"><h1><a href="/">Monitor</a> / {escape(model)}</h1>
<span class="soft">{made.said()}</span><span class="links">{elsewhere.of_model(model)}</span></div>
{notice(made.notice)}{told}{lanes}<h2>Decisions</h2><div class="box">{journal}</div>"""
    return frame(f"{model} - Penstock monitor", body)


def _lane(shown: Shown, made: Round, elsewhere: Elsewhere) -> str:
    lane, result = shown.lane, shown.result
    stage = f" &middot; {escape(result.stage)}" if result and result.stage not in ("None", "?") else ""
    title = f"Version {escape(lane.version)} &middot; {escape(lane.variant)}{stage} {chip(shown.state)}"
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in _sentences(shown))
    drawn = charts(shown, span=made.span)
    table = f"<h3>Columns</h3>{columns(result.drift)}" if result and result.drift else ""
    listed = f'<ul class="plain">{said}</ul>' if said else ""
    return f"""<section class="box {tone(shown.state)}"><div class="top"><h2>{title}</h2>
<span class="links">{elsewhere.of_lane(result, lane)}{_ask(lane) if result else ""}</span></div>
{listed}{drawn}{quality(shown)}{table}{_windows(shown)}</section>"""


def _sentences(shown: Shown) -> list[str]:
    """The findings are all told here, not only the first of them."""
    drift = shown.result.drift if shown.result else None
    said = sentences(shown)
    return [*said, *(each for each in drift.findings if each not in said)] if drift else said


def _ask(lane: Lane) -> str:
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in lane._asdict().items()
    )
    return f'<form method="post" action="/report">{fields}<button>Make a report now</button></form>'


def _windows(shown: Shown) -> str:
    if not shown.history:
        return ""
    name = shown.metric or ""
    rows = "".join(_window(entry, name) for entry in reversed(shown.history[-WINDOWS:]))
    return f"""<h3>Closed windows</h3><div class="wide"><table><tr><th>from (UTC)</th><th class="n">rows</th>
<th class="n">p99</th><th class="n">drift</th><th class="n">labelled</th><th class="n">{escape(name)}</th>
<th></th></tr>{rows}</table></div>"""


def _window(entry: Entry, metric: str) -> str:
    verdicts = [word for word, is_so in (("drift", entry.is_drifted), ("quality low", entry.is_bad)) if is_so]
    marks = "".join(f'<span class="chip bad">{word}</span> ' for word in verdicts)
    figures = (
        words.count(entry.rows),
        words.duration_ms(entry.p99_ms),
        words.share(entry.drift_share),
        words.count(entry.labelled),
        words.figure(entry.quality.get(metric)),
    )
    cells = "".join(f'<td class="n">{cell}</td>' for cell in figures)
    since = words.moment(entry.span.since_s)
    said = f'<td class="note">{marks}{escape(entry.note)}</td>'
    return f'<tr><td class="when">{since}</td>{cells}{said}</tr>'
