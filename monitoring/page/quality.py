"""A lane's metrics in a table: measured, estimated, and what the business makes of it."""

from collections.abc import Mapping
from html import escape

from monitoring.page import words
from monitoring.page.lanes import Shown, rank
from monitoring.quality.figures import Figure


def quality(shown: Shown) -> str:
    """The tables, and the sentences that belong to them; empty where nothing is known."""
    result = shown.result
    if result is None:
        return ""
    parts = []
    if result.quality or result.estimate:
        parts.append(_metrics(shown))
    if result.business:
        parts.append(_business(result.business.metrics))
    return "".join(parts)


def _metrics(shown: Shown) -> str:
    result, measured, estimated = shown.result, shown.measured, shown.estimated
    errors = result.estimate.error if result and result.estimate else {}
    heads = ["measured", "95 %"] if measured else []
    heads += ["estimated", "95 %", "estimate's error"] if estimated else []
    rows = []
    for name in sorted({**measured, **estimated}, key=rank):
        cells = _cells(measured.get(name)) if measured else ""
        if estimated:
            cells += f'{_cells(estimated.get(name))}<td class="n">{_signed(errors.get(name))}</td>'
        rows.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    head = "".join(f'<th class="n">{text}</th>' for text in heads)
    table = f"<table><tr><th>metric</th>{head}</tr>{''.join(rows)}</table>"
    return f'<h3>Quality</h3>{_rows(shown)}<div class="wide">{table}</div>'


def _rows(shown: Shown) -> str:
    result = shown.result
    said = []
    if result and result.quality:
        known = f"{result.quality.labelled:,} of {result.quality.rows:,} predictions"
        said.append(f"The outcome of {known} is known ({words.share(result.quality.known_share)}).")
    if result and result.estimate:
        said.append(f"Estimated {result.estimate.method}.")
    return f'<p class="soft">{escape(" ".join(said))}</p>'


def _cells(figure: Figure | None) -> str:
    if figure is None:
        return f'<td class="n">{words.NONE}</td><td class="n">{words.NONE}</td>'
    ends = words.NONE if figure.low is None else f"{words.figure(figure.low)} to {words.figure(figure.high)}"
    return f'<td class="n">{words.figure(figure.value)}</td><td class="n soft">{ends}</td>'


def _signed(value: float | None) -> str:
    return words.NONE if value is None else f"{value:+.3f}"


def _business(metrics: Mapping[str, float]) -> str:
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="n">{words.figure(value)}</td></tr>'
        for name, value in metrics.items()
    )
    return f"<h3>Business</h3><table>{rows}</table>" if rows else ""
