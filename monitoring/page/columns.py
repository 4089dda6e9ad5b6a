"""A lane's columns in a table, those that matter most first."""

from html import escape

from monitoring.drift.verdict import ColumnDrift, Drift
from monitoring.page import words

SHOWN = 50
_FULL = 4.0
"""Thresholds at which a bar is full."""


def columns(drift: Drift) -> str:
    """The table, with a bar for each distance; the mark on it is where drift begins."""
    rows = "".join(map(_row, drift.ranked[:SHOWN]))
    more = len(drift.columns) - SHOWN
    rest = f'<p class="soft">{more} more columns matter less.</p>' if more > 0 else ""
    return f"""<div class="wide"><table><tr><th>column</th><th>kind</th><th class="n">weight</th>
<th>distance</th><th class="n"></th><th class="n">missing</th><th class="n">unseen</th>
<th class="n">out of range</th></tr>{rows}</table></div>{rest}"""


def _row(column: ColumnDrift) -> str:
    lost = words.share(column.missing_share)
    if column.reference_missing_share or column.missing_share:
        lost += f" <small>was {words.share(column.reference_missing_share)}</small>"
    counted = (lost, _some(column.unseen_share), _some(column.out_of_range_share))
    figures = "".join(f'<td class="n">{cell}</td>' for cell in (words.figure(column.distance), *counted))
    return (
        f'<tr><td class="name">{escape(column.name)}</td><td>{escape(column.kind)}</td>'
        f'<td class="n">{words.share(column.weight)}</td><td>{_bar(column)}</td>{figures}</tr>'
    )


def _bar(column: ColumnDrift) -> str:
    length = min(column.ratio / _FULL, 1.0)
    kind = "bar over" if column.is_drifted else "bar"
    label = f"{words.figure(column.distance)}, drift begins at {words.figure(column.threshold)}"
    return (
        f'<div class="{kind}" role="img" aria-label="{label}" title="{label}">'
        f'<i style="width:{length:.0%}"></i><u style="left:{1 / _FULL:.0%}"></u></div>'
    )


def _some(share: float) -> str:
    return words.share(share) if share else words.NONE
