"""What browsers are given as files: the vendored script as it came, and colours that can be read."""

import hashlib
import re

import pytest

from penstock.console.assets import FILES
from penstock.console.templating import ROOM, asset

STATIC = ROOM / "static"
TEXT_ON = [
    ("ink", "page"), ("ink", "card"), ("soft", "page"), ("soft", "card"), ("link", "card"), ("link", "page"),
    ("bad", "bad-bg"), ("warn", "warn-bg"), ("good", "good-bg"), ("idle", "idle-bg"), ("bad", "card"),
    ("ink", "bad-bg"), ("ink", "good-bg"), ("press-ink", "press"),
]  # fmt: skip
DRAWN_ON = [("line", "card"), ("two", "card"), ("three", "card"), ("four", "card"), ("edge", "card")]


def colours(theme):
    css = (STATIC / "console.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    found = [dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{3,6})", block)) for block in blocks]
    return found[0] | (found[1] if theme == "dark" else {})


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_vendored_script_is_what_its_note_says():
    note = (STATIC / "vendor/VENDORED.txt").read_text()
    digest = hashlib.sha256((STATIC / "vendor/htmx.min.js").read_bytes()).hexdigest()
    assert f"sha256 {digest}" in note
    assert "Zero-Clause BSD" in note


def test_every_file_is_given_out_and_no_other():
    there = {str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file()}
    assert set(FILES) == there


def test_an_address_changes_with_its_content():
    digest = hashlib.sha256((STATIC / "console.css").read_bytes()).hexdigest()
    assert asset("console.css") == f"/static/console.css?v={digest[:12]}"


def test_nothing_is_fetched_from_elsewhere():
    own = [STATIC / "console.css", STATIC / "console.js", *(ROOM / "templates").glob("*.html")]
    assert [
        path.name for path in own if re.search(r"(src|href|url\()=?[\"']?(https?:)?//", path.read_text())
    ] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_can_be_read(theme, text, ground):
    found = colours(theme)
    assert contrast(found[text], found[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), DRAWN_ON)
def test_lines_can_be_seen(theme, line, ground):
    found = colours(theme)
    assert contrast(found[line], found[ground]) >= 3
