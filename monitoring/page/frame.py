"""What all pages have around them."""

from html import escape

from monitoring.page.lanes import SAID, URGENT, State
from monitoring.page.style import STYLE

REFRESH_S = 30


def frame(title: str, body: str) -> str:
    """A whole page that loads itself anew, and nothing from elsewhere."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{REFRESH_S}"><link rel="icon" href="data:,">
<style>{STYLE}</style></head>
<body>
{body}
</body></html>
"""


def tone(state: State) -> str:
    """The class that colours a state."""
    if state in (State.LOW, State.DRIFT):
        return "bad"
    return "warn" if state in URGENT else "good" if state == State.STEADY else "idle"


def chip(state: State, count: int | None = None) -> str:
    """A state in a word, and how many lanes have it."""
    many = "" if count is None else f"{count} "
    text = SAID[state] if count is None else SAID[state].lower()
    return f'<span class="chip {tone(state)}">{many}{text}</span>'
