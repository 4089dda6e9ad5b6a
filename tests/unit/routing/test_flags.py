"""Routes from flags."""

import json

import pytest

from serving.lifecycle.routes import InvalidRouteError
from serving.routes.flags import route_text


def read(
    *variants: str, shadow: tuple[str, ...] = (), salt: str | None = None, before: str | None = None
) -> object:
    return json.loads(route_text(variants, shadow, salt=salt, before=before))


def test_stages_and_percents() -> None:
    assert read("champion=Production:90", "challenger=staging:10%", salt="s") == {
        "variants": {
            "champion": {"stage": "Production", "weight": 90},
            "challenger": {"stage": "Staging", "weight": 10},
        },
        "salt": "s",
    }


def test_versions_and_other_models() -> None:
    assert read("a=7:99.5", "b=price/Production:0.5", "c=price/version=2:0") == {
        "variants": {
            "a": {"version": "7", "weight": 99.5},
            "b": {"model": "price", "stage": "Production", "weight": 0.5},
            "c": {"model": "price", "version": "2", "weight": 0},
        }
    }


def test_shadows_with_and_without_a_name() -> None:
    found = read("a=Production:100", shadow=("Staging", "version=7", "stage=None", "next=price/3"))
    assert found["shadow"] == [
        {"stage": "Staging"},
        {"version": "7"},
        {"stage": "None"},
        {"name": "next", "model": "price", "version": "3"},
    ]


def test_the_salt_stays_so_that_users_stay() -> None:
    before = json.dumps({"variants": {"a": {"stage": "Production", "weight": 100}}, "salt": "old"})
    assert read("a=Production:100", before=before)["salt"] == "old"
    assert read("a=Production:100", before=before, salt="new")["salt"] == "new"
    assert "salt" not in read("a=Production:100", before="no route")


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        ("champion", "--variant must be NAME=TARGET:PERCENT, such as champion=Production:90"),
        ("=Production:90", "--variant must be NAME=TARGET:PERCENT"),
        ("a=Production", "--variant must be NAME=TARGET:PERCENT"),
        ("a=Production:much", "--variant 'a=Production:much' must end in its percent, not 'much'"),
        ("a=Production:nan", "must end in its percent, not 'nan'"),
    ],
)
def test_a_flag_that_cannot_be_read_is_refused(flag: str, sentence: str) -> None:
    with pytest.raises(InvalidRouteError) as caught:
        read(flag)
    assert sentence in str(caught.value)


def test_a_name_twice_is_refused() -> None:
    with pytest.raises(InvalidRouteError, match="--variant names 'a' twice; give each its own name"):
        read("a=Production:50", "a=Staging:50")


def test_a_shadow_without_a_target_is_refused() -> None:
    with pytest.raises(InvalidRouteError, match=r"--shadow must be \[NAME=\]TARGET"):
        read("a=Production:100", shadow=("next=",))
