"""Where a page of the history goes on."""

import pytest

from penstock.console.history_pages import _place


def test_a_place_is_read_from_the_address():
    place = _place("2026-07-31~audit~17")
    assert place is not None
    assert tuple(place) == ("2026-07-31", "audit", 17)


@pytest.mark.parametrize("number", [str(2**64), str(2**70), "9" * 5000, "-1", "x", ""])
def test_a_number_that_no_database_takes_is_no_place(number):
    assert _place(f"2026~audit~{number}") is None
