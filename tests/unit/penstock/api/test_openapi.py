"""What the description shows can be sent as it stands."""

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter

from penstock.api.app import make_app
from penstock.api.openapi import document
from serving.settings import load


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return make_app(load({"PENSTOCK_VAR_DIR": str(tmp_path_factory.mktemp("var"))}))


@pytest.fixture(scope="module")
def described(app):
    return document(app)


def bodies(app) -> Iterator[tuple[APIRoute, str]]:
    """Every endpoint that takes JSON, with its method."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema and route.body_field is not None:
            yield from ((route, method.lower()) for method in route.methods)


def shown(described, route, method):
    return described["paths"][route.path][method]["requestBody"]["content"]["application/json"].get("example")


def test_every_body_has_an_example(app, described):
    bare = [f"{method} {route.path}" for route, method in bodies(app) if not shown(described, route, method)]
    assert bare == []


def test_every_example_is_what_its_endpoint_takes(app, described):
    taken = 0
    for route, method in bodies(app):
        kind = TypeAdapter(route.body_field.field_info.annotation)
        assert kind.validate_python(shown(described, route, method)) is not None
        taken += 1
    assert taken > 25


def test_a_choice_of_bodies_shows_the_first(described):
    content = described["paths"]["/api/ml/feedback"]["post"]["requestBody"]["content"]["application/json"]
    assert set(content["example"]) == {"prediction_id", "label", "value"}
