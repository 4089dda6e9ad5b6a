"""A cell becomes the text that is read: no mark-up, no control marks, one blank between words, bounded."""

import html
import re

from serving.plan.text.composed import composed

LONGEST = 100_000
"""Characters of a text that are read; the rest of a longer one is passed over."""
TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>|<![^<>]{0,2000}>")
"""No run of marks is read twice: a text of nothing but `<` costs no more than another."""
BLANKS = re.compile(r"[\s\x00-\x1f\x7f\u200b\u2060\ufeff\ud800-\udfff]+")
"""Half a pair of surrogates is no mark either: tokenizers refuse it."""


def clean(cell: object) -> str:
    """Return a cell as plain text.

    Args:
        cell: A text; bytes are read as UTF-8, and as Latin-1 where they are not; None, NaN and NA are no
            text; anything else is written as one.

    Returns:
        Composed (NFC), without tags and entities, with single blanks, of LONGEST characters at most.
    """
    if cell is None or (not isinstance(cell, str) and _is_gap(cell)):
        return ""
    text = _decoded(cell) if isinstance(cell, bytes) else str(cell)
    text = text[:LONGEST]
    if "<" in text:
        text = TAGS.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = composed(text, "NFC")
    return BLANKS.sub(" ", text).strip()


def joined(title: object, text: object) -> str:
    """Return title and text, cleaned, one after the other."""
    first, second = clean(title), clean(text)
    return f"{first} {second}"[:LONGEST] if first and second else first or second


def _is_gap(cell: object) -> bool:
    try:
        return bool(cell != cell)  # noqa: PLR0124 - NaN alone differs from itself
    except TypeError:  # pandas' NA does not say
        return True


def _decoded(cell: bytes) -> str:
    try:
        return cell.decode("utf-8")
    except UnicodeDecodeError:
        return cell.decode("latin-1")
