"""Texts of a table inside Markdown: shown as they are, whatever marks they hold."""

import re
from collections.abc import Iterable, Sequence

MARKS = re.compile(r"([\\`*<>\[\]|~#&$]|(?<!\w)_|_(?!\w)|(?<=\w):(?=//))")
LONGEST = 200


def plain(text: object, *, longest: int = 10_000) -> str:
    """Escape what Markdown and HTML would read as a mark, on one line."""
    words = " ".join(str(text).split())
    if len(words) > longest:
        words = words[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return MARKS.sub(r"\\\1", words)


def code(text: object) -> str:
    """Write a text as code, on one line."""
    words = " ".join(str(text).split())
    if len(words) > LONGEST:
        words = words[: LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", words)), default=0))
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{ticks}{pad}{words or ' '}{pad}{ticks}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> list[str]:
    """Write a table; its cells are escaped.

    Args:
        head: The columns' names.
        rows: Cells, one for each column.
        right: The columns that hold numbers, by position.
    """
    rule = ["---:" if place in right else "---" for place in range(len(head))]
    lines = [_line(head), f"|{'|'.join(rule)}|"]
    return lines + [_line([plain(cell, longest=LONGEST) for cell in row]) for row in rows]


def bullets(sentences: Iterable[str]) -> list[str]:
    """Write sentences as a list; they are escaped."""
    return [f"- {plain(sentence)}" for sentence in sentences]


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"
