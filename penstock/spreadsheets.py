"""CSV that is safe to open in a spreadsheet: no cell of it is run as a formula.

A program takes `=1+1` in a CSV for an expression, and some expressions start commands or fetch addresses. The
way out is OWASP's (CSV Injection): an apostrophe before such a text, which the spreadsheet does not show.
"""

import csv
import io

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula (OWASP's list)."""


def safe(text: str) -> str:
    """A cell's text, with an apostrophe before what a spreadsheet would run; numbers stay numbers.

    >>> safe("=1+1"), safe("-1.5"), safe("plain")
    ("'=1+1", '-1.5', 'plain')
    """
    return f"'{text}" if text.startswith(DANGEROUS) and not _is_number(text) else text


def safe_csv(content: bytes) -> bytes:
    """A whole CSV in UTF-8 with each of its cells made safe."""
    rows = csv.reader(io.StringIO(content.decode("utf-8", errors="replace"), newline=""))
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _is_number(text: str) -> bool:
    if not text[1:2].isdecimal() and text[1:2] != ".":
        return False
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text
