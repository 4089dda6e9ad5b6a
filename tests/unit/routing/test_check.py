"""A route against the registry: each fault in a sentence."""

import json
from typing import Any

import pytest

from serving.routing.check import Known, problems, remarks, target
from serving.routing.route import Route, parse

KNOWN = Known(
    stages={
        "churn": {"1": "Production", "2": "Staging", "3": "None"},
        "price": {"1": "Production"},
        "empty": {},
    },
    meant={("churn", "Production"): "1", ("churn", "Staging"): "2", ("price", "Production"): "1"},
    carriers={"ab": "churn"},
)


def route(name: str = "churn", shadow: Any = (), salt: str = "s", **variants: Any) -> Route:
    text = json.dumps({"variants": variants, "shadow": list(shadow), "salt": salt})
    return parse(text, name=name, model="churn")


def whole(**place: Any) -> dict[str, Any]:
    return place | {"weight": 100}


GOOD = {"stage": "Production", "weight": 100}


def test_a_route_of_what_is_there_has_no_problem() -> None:
    mixed = {"model": "price", "version": 1, "weight": 10}
    assert problems(route(a={"stage": "Staging", "weight": 90}, b=mixed), "churn", KNOWN) == ()


def test_a_variant_means_a_version() -> None:
    [variant] = route(a=whole(stage="Staging")).variants
    assert target(variant, KNOWN).version == "2"


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (
            {"version": 9},
            "variant 'a' of route 'churn': model 'churn' has no version 9; its versions are 1, 2, 3",
        ),
        ({"version": 1, "model": "empty"}, "model 'empty' has no version 1; its versions are none yet"),
        (
            {"stage": "Archived"},
            "has no version in Archived; version 1 is in Production; version 2 is in Staging",
        ),
        ({"stage": "Production", "model": "empty"}, "has no version in Production; it has no versions yet"),
        (
            {"stage": "Production", "model": "chrn"},
            "there is no registered model 'chrn'; did you mean 'churn'?",
        ),
        ({"version": 1, "model": "zzz"}, "there is no registered model 'zzz'; known are churn, empty, price"),
    ],
)
def test_what_is_not_there_is_said(place: dict[str, Any], sentence: str) -> None:
    [problem] = problems(route(a=whole(**place)), "churn", KNOWN)
    assert sentence in problem


def test_a_shadow_of_a_missing_version_is_said() -> None:
    [problem] = problems(route(shadow=[{"version": "9"}], a=GOOD), "churn", KNOWN)
    assert problem.startswith("shadow 'shadow' of route 'churn': model 'churn' has no version 9")


def test_every_fault_is_named_at_once() -> None:
    both = {"a": {"version": 8, "weight": 50}, "b": {"version": 9, "weight": 50}}
    assert len(problems(route("price", **both), "churn", KNOWN)) == 3


def test_a_route_may_not_hide_a_model() -> None:
    [problem] = problems(route("price", a=GOOD), "churn", KNOWN)
    assert problem.startswith("route 'price' would have the name of a registered model, and hide it")


def test_two_models_may_not_carry_a_route_of_one_name() -> None:
    [problem] = problems(route("ab", a=whole(stage="Production", model="price")), "price", KNOWN)
    assert problem == "there is a route 'ab' already, on model 'churn'; clear it or choose another name"


def test_a_route_needs_a_model_to_carry_it() -> None:
    [problem] = problems(route("x", a=GOOD), "chrun", KNOWN)
    assert problem == "there is no registered model 'chrun' to carry route 'x'; did you mean 'churn'?"


def test_in_an_empty_registry_a_model_is_to_be_trained() -> None:
    assert "the registry is empty, so train a model first" in problems(route(a=GOOD), "churn", Known({}))[0]


def test_two_variants_of_one_version_are_remarked() -> None:
    both = route(a={"stage": "Production", "weight": 50}, b={"version": "1", "weight": 50})
    assert remarks(both, KNOWN, None) == ("variants 'a' and 'b' both mean version 1 of 'churn'",)


def test_another_salt_is_remarked_where_users_are_split() -> None:
    two = {"a": {"stage": "Production", "weight": 50}, "b": {"version": "2", "weight": 50}}
    assert remarks(route(salt="t", **two), KNOWN, route(**two)) == (
        "the salt changes from 's' to 't', which deals all users out anew",
    )
    assert remarks(route(salt="t", **two), KNOWN, route(a=GOOD)) == ()
