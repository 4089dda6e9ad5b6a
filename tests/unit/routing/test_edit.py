"""Changes of a route's text leave everything else as it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.routing.edit import share, text_of, with_share, with_variant, without_variant
from serving.routing.route import RouteError, parse, straight

ROUTE = json.dumps(
    {
        "variants": {
            "challenger": {"stage": "Staging", "weight": 10},
            "champion": {"stage": "Production", "weight": 85.5},
            "other": {"model": "n", "version": "3", "weight": 4.5},
        },
        "shadow": [{"name": "next", "version": "7"}],
        "salt": "s",
    }
)
NAMES = {"name": "m", "model": "m", "variant": "challenger"}


def weights(text: str) -> dict[str, int]:
    return {variant.name: variant.buckets for variant in parse(text, name="m", model="m").variants}


def test_a_share_comes_from_the_champion_alone() -> None:
    assert weights(with_share(ROUTE, **NAMES, percent=25.25)) == {
        "challenger": 2525,
        "champion": 7025,
        "other": 450,
    }


def test_all_else_stays() -> None:
    changed = json.loads(with_share(ROUTE, **NAMES, percent=20))
    assert (changed["shadow"], changed["salt"]) == ([{"name": "next", "version": "7"}], "s")
    assert changed["variants"]["other"] == {"model": "n", "version": "3", "weight": 4.5}


@given(st.integers(0, 9550))
def test_any_share_that_the_champion_has_makes_a_good_route(buckets: int) -> None:
    changed = parse(with_share(ROUTE, **NAMES, percent=buckets / 100), name="m", model="m")
    assert share(changed, "challenger") == buckets / 100


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=2))
def test_a_route_is_read_as_it_was_written(parts: list[int]) -> None:
    table = {"champion": 10_000 - sum(parts)} | {f"c-{i}": part for i, part in enumerate(parts)}
    variants = {name: {"stage": "Production", "weight": part / 100} for name, part in table.items()}
    route = parse(json.dumps({"variants": variants, "salt": "x"}), name="ab", model="m")
    assert parse(text_of(route, "m"), name="ab", model="m") == route


def test_a_straight_route_has_a_text() -> None:
    assert parse(text_of(straight("m"), "m"), name="m", model="m") == straight("m")


def test_a_variant_that_was_added_can_be_taken_out() -> None:
    added = with_variant(ROUTE, variant="new", stage="Staging")
    shared = with_share(added, name="m", model="m", variant="new", percent=30)
    assert json.loads(without_variant(shared, name="m", model="m", variant="new")) == json.loads(ROUTE)


@pytest.mark.parametrize(
    ("variant", "percent", "sentence"),
    [
        ("nobody", 10, "route 'm' has no variant 'nobody'; it has challenger, champion, other"),
        ("challenger", 96, "can have 95.5 % at most, not 96 %: the other variants hold the rest"),
        ("champion", 50, "variant 'champion' of route 'm' is the champion: it has what the others leave"),
    ],
)
def test_a_share_that_cannot_be_given_is_refused(variant: str, percent: float, sentence: str) -> None:
    with pytest.raises(RouteError) as caught:
        with_share(ROUTE, name="m", model="m", variant=variant, percent=percent)
    assert sentence in str(caught.value)
