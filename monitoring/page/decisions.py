"""What the loop decided, newest first."""

from collections.abc import Sequence
from html import escape

from monitoring.page import words
from monitoring.page.links import model_page
from monitoring.retraining.journal import MEANINGS, Decision


def decisions(entries: Sequence[Decision], *, now_s: float, has_model: bool) -> str:
    """A list of decisions.

    Args:
        entries: Oldest first, as the journal gives them.
        now_s: The time, in seconds since 1970.
        has_model: Whether to say whose they are.
    """
    items = "".join(_item(entry, now_s, has_model=has_model) for entry in reversed(entries))
    return f'<ul class="decisions">{items}</ul>' if items else '<p class="soft">Nothing was decided yet.</p>'


def _item(entry: Decision, now_s: float, *, has_model: bool) -> str:
    whose = f'<a href="{model_page(entry.model)}">{escape(entry.model)}</a>: ' if has_model else ""
    version = f" (version {escape(entry.version)})" if entry.version else ""
    reasons = escape("; ".join(entry.reasons))
    when = (
        f'<span class="soft" title="{words.moment(entry.time_s)} UTC">{words.ago(entry.time_s, now_s)}</span>'
    )
    meaning = escape(MEANINGS.get(entry.decision, entry.decision))
    return f'<li>{whose}{meaning}{version} {when}<br><span class="soft">{reasons}</span></li>'
