"""The place in a list that an address names."""

import pytest

from penstock.records.cursor import Cursor


def test_what_was_told_is_read():
    cursor = Cursor(1764000000.1234567, "a~b")
    assert Cursor.read(cursor.told()) == cursor


@pytest.mark.parametrize("text", ["", "1.5", "1.5~", "soon~a", "~a"])
def test_what_is_no_place_is_the_first_page(text):
    assert Cursor.read(text) is None
