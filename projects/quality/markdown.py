"""The quality report as Markdown: for a terminal, a diff and a coding agent."""

from functools import partial

from projects.quality.model import ColumnProfile, Profile
from projects.quality.wording import amount, figure, share

SEVERITY_HEADS = {"high": "Act before training", "medium": "Look at", "low": "Good to know"}
RELATIONS = 15
MOST_COLUMNS = 2_000


def markdown(profile: Profile, title: str) -> str:
    """Write the report."""
    lines = [
        f"# {_plain(title)}",
        "",
        f"{amount(profile.rows, 'row')}, {amount(len(profile.columns), 'column')}",
        "",
    ]
    lines += ["## Findings", *_findings(profile)]
    if profile.target is not None:
        lines += ["", f"## Target: {_plain(profile.target.name)} ({profile.target.task})", ""]
        lines += [f"- {_plain(name)}: {amount(count)}" for name, count in profile.target.classes[:20]]
        lines += ["", "| column | strength | measure | bits |", "|---|---|---|---|"]
        lines += [
            f"| {_plain(found.column)} | {found.strength:.3f} | {found.measure} |"
            f" {found.information_bits:.3f} |"
            for found in profile.target.relations[:RELATIONS]
        ]
    head = ["| column | kind | missing | distinct | holds |", "|---|---|---|---|---|"]
    lines += ["", "## Columns", "", *head, *map(_line, profile.columns[:MOST_COLUMNS])]
    if len(profile.columns) > MOST_COLUMNS:
        lines += ["", f"and {amount(len(profile.columns) - MOST_COLUMNS, 'column')} more, in quality.json"]
    return "\n".join(lines) + "\n"


def _findings(profile: Profile) -> list[str]:
    if not profile.findings:
        return ["", "Nothing stands out."]
    lines = []
    for severity, head in SEVERITY_HEADS.items():
        listed = [finding for finding in profile.findings if finding.severity == severity]
        if listed:
            lines += ["", f"### {head}", ""]
            lines += [f"- {_plain(finding.what)}. *{_plain(finding.advice)}.*" for finding in listed]
    return lines


def _line(column: ColumnProfile) -> str:
    about = "about " if column.distinct_error else ""
    cells = (
        _plain(column.name),
        column.kind,
        share(column.missing_share),
        f"{about}{amount(column.distinct)}",
        _plain(_holds(column)),
    )
    return f"| {' | '.join(cells)} |"


def _holds(column: ColumnProfile) -> str:
    if column.dates is not None:
        return f"{column.dates.first} to {column.dates.last}"
    if column.numbers is not None and column.kind == "number":
        numbers, write = column.numbers, partial(figure, is_year=column.is_year)
        return (
            f"{write(numbers.min)} to {write(numbers.max)}, median {write(numbers.quantiles[0.5])},"
            f" mean {write(numbers.mean)}"
        )
    return ", ".join(f"{value[:30]} ({amount(count)})" for value, count in column.top[:3])


def _plain(text: str) -> str:
    """Keep a text from being read as Markdown or HTML."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
