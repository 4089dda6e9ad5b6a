"""`penstock route set` reads variants as `python -m serving.routes set` does; the rest of a route stays."""

import pytest

from penstock.command.route import _told, split
from penstock.problems import BadRequest
from penstock.services.routes import Shown


def test_a_target_is_a_stage_a_version_or_another_models():
    flags = ["champion=production:90", "next=7:5", "other=churn/Staging:5"]
    assert split(flags, {})["variants"] == {
        "champion": {"stage": "Production", "weight": 90},
        "next": {"version": "7", "weight": 5},
        "other": {"model": "churn", "stage": "Staging", "weight": 5},
    }


def test_a_name_given_twice_is_refused():
    with pytest.raises(BadRequest, match="--variant names 'a' twice; give each its own name"):
        split(["a=Production:90", "a=Staging:10"], {})


def test_shadows_and_salt_stay():
    before = {"variants": {}, "shadow": [{"stage": "Staging"}], "salt": "autumn"}
    assert split(["a=Production:100"], before) == {
        "variants": {"a": {"stage": "Production", "weight": 100}},
        "shadow": [{"stage": "Staging"}],
        "salt": "autumn",
    }


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("churn", "champion Production 90 %, next version 7 5 %, other sales Staging 5 %"),
        ("shop", "champion churn Production 90 %, next churn version 7 5 %, other sales Staging 5 %"),
    ],
)
def test_a_variant_of_a_model_that_the_route_is_not_called_by_is_told_with_it(name, told):
    route = split(["champion=Production:90", "next=7:5", "other=sales/Staging:5"], {})
    assert _told(Shown(name, "churn", route, is_set=True, tag="")) == told
