"""What every plot has: a size, a title, named axes, colours, and labels that can be drawn as written."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, RULE, SECOND, WEAK, STRONG = "#1f5f8b", "#9aa5ad", "#c8692b", "#b5352c", "#3b7d4f"
SERIES = ("#1f5f8b", "#c8692b", "#3b7d4f", "#8a5aa5", "#b5352c", "#6b6b2e", "#2aa0a4", "#7a4b3a")
AS_WRITTEN: dict[str, Any] = {"parse_math": False}
"""For texts of the table, where a `$` begins no formula."""
LONGEST = 32
HELD_OUT = "held-out row"
"""What one row of an evaluation is called."""
OTHER_SCRIPTS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Source Han Sans", "WenQuanYi Micro Hei", "IPAGothic",
    "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji",
)  # fmt: skip
"""Fonts that help out where they are installed; matplotlib's own has Latin, Greek and Cyrillic letters."""


def canvas(title: str, x: str, y: str, *, size: tuple[float, float] = (6.4, 4.6)) -> tuple[Figure, Axes]:
    """Return an empty figure with one pair of axes."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    lines = [label(line, longest=75) for line in title.split("\n")]
    axes.set_title("\n".join(lines), fontsize=11, **AS_WRITTEN)
    axes.set_xlabel(label(x, longest=70), **AS_WRITTEN)
    axes.set_ylabel(label(y, longest=70), **AS_WRITTEN)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def label(text: object, *, longest: int = LONGEST) -> str:
    """Write a text of the table so that it can be drawn: on one line, short, each mark with a glyph."""
    words = " ".join(str(text).split()) or "(blank)"
    words = "".join(mark if _has_glyph(mark) else f"<{ord(mark):x}>" for mark in words[:1000])
    if len(words) > longest:
        tail = longest // 3
        words = f"{words[: longest - tail - 1]}\N{HORIZONTAL ELLIPSIS}{words[-tail:]}"
    return words


def labels(texts: Sequence[object]) -> list[str]:
    """Write several texts; those that look alike after the cut are numbered."""
    found: list[str] = []
    for text in texts:
        written, number = label(text), 2
        while written in found:
            written, number = f"{label(text, longest=LONGEST - 4)} ({number})", number + 1
        found.append(written)
    return found


def finished(figure: Figure) -> Figure:
    """Give all texts the fonts that there are."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_fontfamily(list(_families()))
    return figure


def legend(axes: Axes, **options: Any) -> None:
    """Draw the legend, its texts as written."""
    drawn = axes.legend(frameon=False, fontsize=8.5, **options)
    for text in drawn.get_texts():
        text.set_parse_math(False)


@cache
def _families() -> tuple[str, ...]:
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in OTHER_SCRIPTS if name in installed))


@cache
def _has_glyph(mark: str) -> bool:
    return mark.isprintable() and any(
        font_manager.get_font(font_manager.findfont(family)).get_char_index(ord(mark))
        for family in _families()
    )
