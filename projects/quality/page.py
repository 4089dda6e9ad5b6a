"""The quality report as one page that stands alone: findings first, then the target, then each column."""

from collections.abc import Sequence
from html import escape

from projects.quality.column_card import column_card
from projects.quality.drawing import bars_html, top_rows
from projects.quality.model import ColumnProfile, Finding, Profile, TargetProfile
from projects.quality.page_style import STYLE
from projects.quality.wording import amount, share

CARDS = 150
"""Columns with a card of their own; those with findings first, the others are lines."""
LINES = 2_000
RELATIONS = 15
FAINT = 0.02
"""Weaker relations are not drawn."""
CLASSES = 12
SEVERITY_HEADS = {"high": "Act before training", "medium": "Look at", "low": "Good to know"}


def page(profile: Profile, title: str) -> str:
    """Write the page."""
    target = profile.target.name if profile.target else ""
    parts = [
        f"<h1>{escape(title)}</h1>",
        _summary(profile),
        _findings(profile.findings),
        _target(profile.target, profile) if profile.target else "",
        _columns(profile, target),
        _footer(profile),
    ]
    head = (
        '<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width,'
        f'initial-scale=1"><meta name=color-scheme content="light dark"><title>{escape(title)}</title>'
    )
    return f"{head}<style>{STYLE}</style><main>{''.join(parts)}</main></html>\n"


def _summary(profile: Profile) -> str:
    cells = profile.rows * len(profile.columns)
    missing = sum(column.missing for column in profile.columns)
    kinds = [
        amount(count, kind)
        for kind in ("number", "text", "date", "boolean")
        if (count := sum(column.kind == kind for column in profile.columns))
    ]
    tiles = [
        ("rows", amount(profile.rows), ""),
        ("columns", amount(len(profile.columns)), ", ".join(kinds)),
        ("missing cells", share(missing / cells) if cells else "none", amount(missing)),
        ("repeated rows", amount(profile.duplicates), share(profile.duplicates / max(profile.rows, 1))),
    ]
    if profile.target is not None:
        tiles.append(("target", profile.target.name, profile.target.task))
    drawn = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd><dd class=x>{escape(more)}</dd></div>"
        for name, value, more in tiles
    )
    return f"<dl class=tiles>{drawn}</dl>"


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return (
            "<section><h2>Findings</h2><p class=good>Nothing stands out: the table looks fine.</p></section>"
        )
    parts = []
    for severity, head in SEVERITY_HEADS.items():
        listed = [(at, finding) for at, finding in enumerate(findings) if finding.severity == severity]
        if listed:
            items = "".join(
                f'<li id="f{at}" class={severity}><p>{escape(_sentence(finding.what))}</p>'
                f"<p class=do>{escape(_sentence(finding.advice))}</p></li>"
                for at, finding in listed
            )
            parts.append(f"<h3>{head} <small>{len(listed)}</small></h3><ul class=f>{items}</ul>")
    return f"<section><h2>Findings</h2>{''.join(parts)}</section>"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _target(target: TargetProfile, profile: Profile) -> str:
    parts = [f"<h2>Target: {escape(target.name)}</h2>"]
    if target.classes:
        held = max(profile.rows - target.missing, 1)
        parts.append(f"<h3>Classes</h3>{bars_html(top_rows(target.classes, held, CLASSES))}")
    shown = [relation for relation in target.relations if relation.strength >= FAINT][:RELATIONS]
    if target.relations and not shown:
        parts.append("<p class=note>No column alone tells much of it.</p>")
    if shown:
        rows = [
            (
                relation.column,
                relation.strength,
                f"{'-' if relation.sign < 0 else ''}{relation.strength:.2f} {relation.measure}",
            )
            for relation in shown
        ]
        parts.append("<h3>What tells of it most, column by column</h3>" + bars_html(rows))
    return f"<section>{''.join(parts)}</section>"


def _columns(profile: Profile, target: str) -> str:
    named = {name for finding in profile.findings for name in finding.columns}
    order = sorted(range(len(profile.columns)), key=lambda at: profile.columns[at].name not in named)
    with_card = set(order[:CARDS])
    cards = "".join(
        column_card(column, at, profile.findings, is_target=column.name == target)
        for at, column in enumerate(profile.columns)
        if at in with_card
    )
    others = [column for at, column in enumerate(profile.columns) if at not in with_card]
    return f"<section><h2>Columns</h2><div class=cards>{cards}</div></section>{_lines(others)}"


def _lines(columns: Sequence[ColumnProfile]) -> str:
    if not columns:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{escape(column.name[:80])}<td>{column.kind}<td>{share(column.missing_share)}"
        f"<td>{amount(column.distinct)}"
        for column in columns[:LINES]
    )
    more = len(columns) - LINES
    rest = f"<p class=note>and {amount(more, 'column')} more, in quality.json</p>" if more > 0 else ""
    head = "<tr><th scope=col>column<th scope=col>kind<th scope=col>missing<th scope=col>distinct"
    title = f"<h2>{amount(len(columns), 'more column')}</h2>"
    return f"<section>{title}<div class=wide><table>{head}{rows}</table></div>{rest}</section>"


def _footer(profile: Profile) -> str:
    said = ["Rows, gaps, distinct values, outliers, histograms and repeats are counted over all rows."]
    if any(column.distinct_error for column in profile.columns):
        worst = max(column.distinct_error for column in profile.columns)
        said.append(
            f"Counts of very many distinct values are estimated, standard error {share(worst)} or less."
        )
    if profile.sampled_rows < profile.rows:
        rank = 2.6 * 50 / profile.sampled_rows**0.5
        said.append(
            f"Quantiles come from {amount(profile.sampled_rows)} rows spread evenly: a quantile's share is"
            f" off by less than {rank:.2g} % in 99 of 100 cases."
        )
    if profile.related_rows < profile.rows:
        said.append(
            f"Relations, twins and leakage were looked for in {amount(profile.related_rows)} rows of these."
        )
    return f"<footer>{escape(' '.join(said))}</footer>"
