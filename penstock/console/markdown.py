"""The little Markdown of model cards as HTML: headings, lists, tables, code, paragraphs; all text escaped."""

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

_BOLD, _CODE = re.compile(r"\*\*([^*]+)\*\*"), re.compile(r"`([^`]+)`")
_HEADING, _ITEM = re.compile(r"^(#{1,6})\s+(.*)$"), re.compile(r"^\s*(?:[-*]|\d+\.)\s+(.*)$")
_RULE = re.compile(r"^\|?[\s:|-]+\|?$")
_LEVEL = 2
"""A card's first heading stands below the page's own, and below its section's."""


def as_html(text: str) -> Markup:
    """Markdown as HTML; what is not understood stays text."""
    return Markup("\n").join(_blocks(text.splitlines()))


def _blocks(lines: Sequence[str]) -> Iterator[Markup]:
    place = 0
    while place < len(lines):
        line = lines[place]
        if found := _HEADING.match(line):
            level = min(6, len(found[1]) + _LEVEL)
            yield Markup("<h{0}>{1}</h{0}>").format(level, _inline(found[2]))
            place += 1
            continue
        kind = _kind(line)
        end = place + 1
        while end < len(lines) and _kind(lines[end]) == kind and kind != "fence":
            end += 1
        if kind == "fence":
            end = next((at for at in range(place + 1, len(lines)) if lines[at].startswith("```")), len(lines))
            yield Markup("<pre>{}</pre>").format("\n".join(lines[place + 1 : end]))
            end += 1
        elif kind:
            yield _DRAWN[kind](lines[place:end])
        place = end


def _kind(line: str) -> str:
    if not line.strip():
        return ""
    if line.startswith("```"):
        return "fence"
    if line.lstrip().startswith("|"):
        return "table"
    if _HEADING.match(line):
        return "heading"
    return "list" if _ITEM.match(line) else "text"


def _inline(text: str) -> Markup:
    """Bold and code; by splitting, so that nothing escaped is looked at again."""
    parts = []
    for place, piece in enumerate(_CODE.split(text)):
        if place % 2:
            parts.append(Markup("<code>{}</code>").format(piece))
            continue
        for at, inner in enumerate(_BOLD.split(piece)):
            parts.append(Markup("<b>{}</b>").format(inner) if at % 2 else escape(inner))
    return Markup("").join(parts)


def _list(lines: Sequence[str]) -> Markup:
    items = (found[1] for line in lines if (found := _ITEM.match(line)))
    drawn = Markup("").join(Markup("<li>{}</li>").format(_inline(item)) for item in items)
    return Markup('<ul class="plain">{}</ul>').format(drawn)


def _table(lines: Sequence[str]) -> Markup:
    rows = [_cells(line) for line in lines if not _RULE.match(line.strip())]
    if not rows:
        return Markup("")
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(_inline(cell)) for cell in rows[0])
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(_inline(cell)) for cell in row)
        )
        for row in rows[1:]
    )
    return Markup(
        '<div class="wide" tabindex="0" role="region" aria-label="Table: {}"><table><thead><tr>{}</tr>'
        "</thead><tbody>{}</tbody></table></div>"
    ).format(", ".join(cell for cell in rows[0] if cell), head, body)


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _text(lines: Sequence[str]) -> Markup:
    return Markup("<p>{}</p>").format(_inline(" ".join(line.strip() for line in lines)))


_DRAWN = {"list": _list, "table": _table, "text": _text}
