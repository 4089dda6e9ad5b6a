"""What is typed into a form's number fields."""

import pytest

from penstock.console.fields import Typed
from penstock.problems import BadRequest


@pytest.mark.parametrize("text", ["much", "inf", "-inf", "nan", "1e999"])
def test_what_is_no_number_that_can_be_counted_with_is_told(text):
    with pytest.raises(BadRequest, match=f"rows must be a number, not '{text}'; correct it and send again"):
        Typed({"rows": [text]}).whole("rows", "rows", 1)


def test_a_share_may_bear_its_sign():
    assert Typed({"share": [" 12.5 % "]}).number("share", "the share", 0) == 12.5
