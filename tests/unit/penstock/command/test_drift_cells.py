"""What `penstock drift` shows of a window."""

import pytest

from penstock.command.drift import cells
from penstock.watching.found import Window


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"drift_share": 0.25, "is_drifted": True}, ("25%", "yes")),
        ({"drift_share": 0.0}, ("0%", "no")),
        ({"note": "no reference"}, ("-", "no reference")),
        ({}, ("-", "not compared")),
    ],
)
def test_a_window_is_told_with_its_share_or_with_why_there_is_none(found, told):
    assert cells(Window(0.0, 3600.0, 12, is_closed=True, **found)) == ("1970-01-01 01:00", 12, *told)
