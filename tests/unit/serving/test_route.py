"""A route's text: what is read, and each refusal's sentence."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.routing.route import BUCKETS, RouteError, parse, straight


def route(**variants: Any) -> str:
    return json.dumps({"variants": variants})


def refusal(text: str) -> str:
    with pytest.raises(RouteError) as caught:
        parse(text, name="churn", model="churn")
    return str(caught.value)


def test_a_route_without_a_tag_goes_to_production() -> None:
    [only] = straight("churn").variants
    assert (only.name, only.stage, only.buckets) == ("champion", "Production", BUCKETS)


def test_stages_versions_and_other_models_are_read() -> None:
    text = route(
        a={"stage": "Production", "weight": 99.75}, b={"model": "other", "version": 7, "weight": 0.25}
    )
    first, second = parse(text, name="churn", model="churn").variants
    assert (first.model, first.stage, first.version, first.buckets) == ("churn", "Production", None, 9975)
    assert (second.model, second.stage, second.version, second.buckets) == ("other", None, "7", 25)


def test_the_salt_is_the_called_name_unless_it_is_given() -> None:
    variants = {"a": {"stage": "Production", "weight": 100}}
    assert parse(json.dumps({"variants": variants}), name="ab", model="churn").salt == "ab"
    assert parse(json.dumps({"variants": variants, "salt": "s"}), name="ab", model="churn").salt == "s"


def test_shadows_have_names_and_no_weight() -> None:
    table = json.loads(route(a={"stage": "Production", "weight": 100}))
    table["shadow"] = [{"stage": "Staging"}, {"name": "next", "version": "3"}, {"version": "4"}]
    shadows = parse(json.dumps(table), name="churn", model="churn").shadows
    assert [(shadow.name, shadow.buckets) for shadow in shadows] == [
        ("shadow", 0),
        ("next", 0),
        ("shadow-3", 0),
    ]


CHAMPION = {"stage": "Production", "weight": 100}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "a route must be JSON, and this is not"),
        ("[]", "route 'churn' must be a JSON object, not a list"),
        ("{}", "route 'churn' must have 'variants', an object of 1 to 32 variants"),
        ('{"variants": {}}', "an object of 1 to 32 variants"),
        (
            '{"varients": {}}',
            "route 'churn' has the unknown key 'varients'; known are variants, shadow, salt",
        ),
        (route(a={"stage": "Production", "weight": 90}), "the weights must sum to 100, and they sum to 90"),
        (
            route(a={"stage": "Production", "weight": 33.333}),
            "'weight' must have at most two decimals, not 33.333",
        ),
        (route(a={"stage": "Production", "weight": -1}), "'weight' must be a percent from 0 to 100, not -1"),
        (
            route(a={"stage": "Production", "weight": "100"}),
            "'weight' must be a percent from 0 to 100, not text",
        ),
        (
            route(a={"stage": "Production", "weight": True}),
            "'weight' must be a percent from 0 to 100, not True",
        ),
        ('{"variants": {"a": {"stage": "Production", "weight": NaN}}}', "numbers must be finite, not NaN"),
        (route(a={"weight": 100}), "must name a 'stage' or a 'version', and only one of them"),
        (route(a=CHAMPION | {"version": "1"}), "must name a 'stage' or a 'version', and only one of them"),
        (
            route(a={"stage": "production", "weight": 100}),
            "'stage' must be one of Production, Staging, Archived, None",
        ),
        (
            route(a={"version": "v1", "weight": 100}),
            "'version' must be a version's number, such as \"7\", not 'v1'",
        ),
        (route(**{"a b": CHAMPION}), "a variant's name must be 1 to 64 letters, digits"),
        (route(a=CHAMPION | {"model": 3}), "'model' must be a registered model's name, not 3"),
        (json.dumps({"variants": {"a": CHAMPION}, "salt": 3}), "'salt' must be text, not 3"),
        (
            json.dumps({"variants": {"shadow": CHAMPION}, "shadow": [{"version": 1}]}),
            "two variants with the name 'shadow'",
        ),
    ],
)
def test_a_bad_route_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    assert sentence in refusal(text)


@given(
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["variants", "weight", "stage", "shadow", "a"]), inner)
        ),
    ).map(json.dumps)
)
def test_any_text_is_a_route_or_a_refusal(text: str) -> None:
    try:
        found = parse(text, name="churn", model="churn")
    except RouteError:
        return
    assert sum(variant.buckets for variant in found.variants) == BUCKETS
