"""Where several people must agree, a route of the model's name leaves half of it to Production."""

import json
from typing import Any

import pytest

from serving.lifecycle.errors import PeopleNeededError
from serving.lifecycle.route_people import check_shares
from serving.registry.listing import Model, Version
from serving.routing.route import parse

TWO = '{"promotion": {"people": 2}}'


def model(name: str, policy: str | None = TWO) -> Model:
    stages = {"1": "Production", "2": "Staging", "3": "None"}
    versions = {number: Version(number, stage, 0, 0, "", {}) for number, stage in stages.items()}
    return Model(name, versions, {}, {}, policy)


MODELS = {"churn": model("churn"), "price": model("price", None)}


def check(name: str = "churn", models: Any = MODELS, **variants: Any) -> None:
    text = json.dumps({"variants": variants})
    check_shares(parse(text, name=name, model="churn"), "churn", models)


@pytest.mark.parametrize(
    "place", [{"version": "3"}, {"stage": "Staging"}, {"model": "price", "version": "1"}]
)
def test_what_nobody_agreed_to_gets_less_than_half(place: dict[str, str]) -> None:
    check(a={"stage": "Production", "weight": 50.01}, b=place | {"weight": 49.99})
    with pytest.raises(PeopleNeededError, match="wants 2 people for that; give less than 50 %, or ask for"):
        check(a={"stage": "Production", "weight": 50}, b=place | {"weight": 50})


def test_small_shares_count_together() -> None:
    with pytest.raises(PeopleNeededError, match="route 'churn' gives 60% of the traffic"):
        check(
            a={"version": "1", "weight": 40},
            b={"version": "2", "weight": 30},
            c={"version": "3", "weight": 30},
        )


def test_the_version_in_production_may_have_all_by_its_number() -> None:
    check(a={"version": "1", "weight": 100})


def test_other_names_are_free() -> None:
    check("ab", a={"version": "3", "weight": 100})


def test_a_policy_that_asks_for_nobody_else_lets_all_through() -> None:
    check(models={"churn": model("churn", None)}, a={"version": "3", "weight": 100})


def test_a_policy_that_cannot_be_read_asks_for_two() -> None:
    with pytest.raises(PeopleNeededError, match="wants 2 people"):
        check(models={"churn": model("churn", "{")}, a={"version": "3", "weight": 100})
