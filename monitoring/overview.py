"""The monitor's page: every version that answered lately, on one screen of a phone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlencode

from monitoring.result import Result

STYLE = """
body { font: 16px/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 60rem; padding: 0 1rem;
       color: #1b1f24 }
h1 { font-size: 1.3rem } small, .note { color: #57606a }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .8rem; padding: 0 }
li { list-style: none; border: 1px solid #d0d7de; border-left: .4rem solid #2da44e; border-radius: .4rem;
     padding: .6rem .8rem; overflow-wrap: anywhere }
li.drift { border-left-color: #cf222e } li.unknown { border-left-color: #8c959f }
b { font-size: 1.05rem } .share { font-size: 1.5rem }
"""


def page(results: Sequence[Result], *, checked_s: float, window_s: float) -> str:
    """The page as HTML.

    Args:
        results: The newest result of each version.
        checked_s: When the newest round ended, in seconds since the epoch; 0 before the first.
        window_s: The window's length in seconds.
    """
    when = (
        datetime.fromtimestamp(checked_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if checked_s else "not yet"
    )
    cards = "".join(_card(result) for result in results)
    nothing = "" if cards else f"<p>No predictions in the last {window_s:g} seconds.</p>"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Penstock monitor</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="30">
<style>{STYLE}</style></head>
<body><h1>Penstock monitor</h1>
<p><small>Last {window_s:g} seconds of predictions; checked {when}. <a href="/metrics">metrics</a></small></p>
{nothing}<ul>{cards}</ul></body></html>
"""


def _card(result: Result) -> str:
    kind = "unknown" if result.drift is None else "drift" if result.is_drifted else "steady"
    return (
        f'<li class="{kind}"><b>{escape(result.model)}</b> version {escape(result.version)}<br>'
        f"<small>{escape(result.stage)} &middot; {escape(', '.join(result.variants))} &middot; "
        f"{result.rows:,} rows</small><br>{_finding(result)}</li>"
    )


def _finding(result: Result) -> str:
    if result.drift is None:
        return f'<span class="note">{escape(result.note)}</span>'
    drifted = ", ".join(column.name for column in result.drift.drifted[:3])
    named = f"{len(result.drift.drifted)} of {len(result.drift.columns)} columns"
    return (
        f'<span class="share">{result.drift.share:.0%}</span> drifted <small>({named}'
        f"{': ' + escape(drifted) if drifted else ''})</small><br>{_links(result)}"
    )


def _links(result: Result) -> str:
    if result.report is None:
        return ""
    links = []
    if result.report.path:
        query = urlencode({"model": result.model, "version": result.version})
        links.append(f'<a href="/report?{escape(query)}">report</a>')
    if result.report.run and result.report.run.startswith("http"):
        links.append(f'<a href="{escape(result.report.run)}">MLflow run</a>')
    return " &middot; ".join(links)
