"""A lane's columns in a table, those that matter most first."""

from html import escape

from monitoring.columns import PREDICTION
from monitoring.drift.verdict import ColumnDrift, Drift
from monitoring.page import words

SHOWN = 50
_LEAST_FULL, _MOST_FULL = 4.0, 12.0
"""A bar is full at so many thresholds, or between the two at the largest distance that is shown."""


def columns(drift: Drift) -> str:
    """The table, with a bar for each distance; the mark on it is where drift begins."""
    ranked = drift.ranked[:SHOWN]
    largest = max((column.ratio for column in ranked), default=0.0)
    full = min(max(largest, _LEAST_FULL), _MOST_FULL)
    rows = "".join(_row(column, full) for column in ranked)
    more = len(drift.columns) - SHOWN
    rest = f'<p class="soft">{more} more columns matter less.</p>' if more > 0 else ""
    return f"""<div class="wide"><table><tr><th>column</th><th>kind</th><th class="n">weight</th>
<th>distance</th><th class="n"></th><th class="n">missing</th><th class="n">unseen</th>
<th class="n">out of range</th></tr>{rows}</table></div>{rest}"""


def _row(column: ColumnDrift, full: float) -> str:
    lost = words.share(column.missing_share)
    if column.reference_missing_share or column.missing_share:
        lost += f" <small>was {words.share(column.reference_missing_share)}</small>"
    counted = (lost, _some(column.unseen_share), _some(column.out_of_range_share))
    figures = "".join(f'<td class="n">{cell}</td>' for cell in (words.figure(column.distance), *counted))
    weight = words.NONE if column.name == PREDICTION else words.share(column.weight)
    return (
        f'<tr><td class="name">{escape(column.name)}</td><td>{escape(column.kind)}</td>'
        f'<td class="n">{weight}</td><td>{_bar(column, full)}</td>{figures}</tr>'
    )


def _bar(column: ColumnDrift, full: float) -> str:
    length = min(column.ratio / full, 1.0)
    kind = "bar over" if column.is_drifted else "bar"
    label = f"{words.figure(column.distance)}, drift begins at {words.figure(column.threshold)}"
    return (
        f'<div class="{kind}" role="img" aria-label="{label}" title="{label}">'
        f'<i style="width:{length:.0%}"></i><u style="left:{1 / full:.0%}"></u></div>'
    )


def _some(share: float) -> str:
    return words.share(share) if share else words.NONE
