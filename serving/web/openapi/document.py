"""The whole description: the doors that every gateway has, and two paths for each model that it serves."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from serving.registry.table import ActiveRoute, Lane, Table
from serving.web import describe
from serving.web.openapi import models, operations
from serving.web.openapi.schemas import SHARED, Schema, ref

MOST_MODELS = 200
"""Models beyond these are described by the paths with a name in braces alone."""


def document(table: Table, *, url: str, release: str, root: Path) -> dict[str, Any]:
    """Make the description, of OpenAPI 3.1.

    Args:
        table: What the caller may know of.
        url: The gateway's own address as the caller reached it.
        release: Which Penstock this is.
        root: The gateway's folder, where the versions' example files lie.
    """
    paths, schemas = _doors(), dict(SHARED)
    for place, (name, route) in enumerate(sorted(table.items())[:MOST_MODELS]):
        lane = next((lane for lane in route.lanes if lane), None)
        if lane is not None:
            described, schema = _model(name, route, lane, f"Row{place}", root / lane.held.folder)
            paths |= described
            schemas |= schema
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Penstock gateway",
            "version": release,
            "description": "Predictions of the registry's models, by MLflow's scoring protocol and the Open"
            " Inference Protocol V2.",
        },
        "servers": [{"url": url}],
        "security": [{}, {"key": []}, {"header": []}, {"user": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _security()},
    }


def _security() -> dict[str, Any]:
    return {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "user": {
            "type": "http",
            "scheme": "basic",
            "description": "An MLflow user, where one is asked for.",
        },
    }


def _doors() -> dict[str, Any]:
    name, version = operations.NAME, operations.VERSION
    told, health = operations.told, operations.health
    guarded, about = operations.GUARDED, (*operations.GUARDED, 404)
    v2: dict[str, Any] = {"tag": "v2", "error": "V2Error"}
    infer = operations.inference("a model", ref("InferenceRequest"))
    page = told("One model, with an example call", "ModelPage", about, tag="gateway")
    invoke = operations.invocations("a model", ref("Invocation"), ref("Answer"))
    metadata = told("A model's inputs and outputs", "ModelMetadata", about, **v2)
    ready = health("Whether a model can answer", "V2Ready", (401, 403, 404, 429), tag="v2")
    for status in ("401", "403", "404", "429"):
        ready["responses"][status] = metadata["responses"][status]
    return {
        "/health": {"get": told("Whether the gateway lives", "Healthy", (), tag="gateway")},
        "/ready": {"get": health("Whether every model can answer", "Readiness", guarded, tag="gateway")},
        "/metrics": {"get": operations.metrics()},
        "/openapi.json": {"get": _described(guarded)},
        "/models": {"get": told("All models", "Models", guarded, tag="gateway")},
        "/models/{name}": {"parameters": [name], "get": page},
        "/models/{name}/invocations": {"parameters": [name], "post": invoke},
        "/feedback": {"post": operations.feedback()},
        "/v2": {"get": told("The server", "ServerMetadata", guarded, **v2)},
        "/v2/health/live": {"get": told("Whether the gateway lives", "Live", (), **v2)},
        "/v2/health/ready": {"get": health("Whether every model can answer", "V2Ready", guarded, tag="v2")},
        "/v2/models/{name}": {"parameters": [name], "get": metadata},
        "/v2/models/{name}/ready": {"parameters": [name], "get": ready},
        "/v2/models/{name}/infer": {"parameters": [name], "post": infer},
        "/v2/models/{name}/versions/{version}": {"parameters": [name, version], "get": metadata},
        "/v2/models/{name}/versions/{version}/ready": {"parameters": [name, version], "get": ready},
        "/v2/models/{name}/versions/{version}/infer": {"parameters": [name, version], "post": infer},
    }


def _described(statuses: tuple[int, ...]) -> dict[str, Any]:
    found = operations.told("This description", "Models", statuses, tag="gateway")
    found["responses"]["200"]["content"]["application/json"]["schema"] = {"type": "object"}
    return found


def _model(
    name: str, route: ActiveRoute, lane: Lane, schema: str, folder: Path
) -> tuple[dict[str, Any], dict[str, Schema]]:
    """A model's two paths, and the schema of its rows if it names its columns."""
    columns = lane.columns
    about, path = f"'{name}'", quote(name, safe="")
    body, answer = ref("Invocation"), ref("Answer")
    schemas, tensors = {}, None
    if columns:
        title = f"A row of '{route.state.model}', version {lane.held.version}"
        schemas[schema] = {"title": title, **models.row(columns)}
        body, answer = models.invocation(columns, schema), ref("Predictions")
        tensors = models.example(columns)
    text = describe.example(folder)
    invoke = operations.invocations(about, body, answer, orjson.loads(text) if text else None)
    infer = operations.inference(about, ref("InferenceRequest"), tensors)
    paths = {f"/models/{path}/invocations": {"post": invoke}, f"/v2/models/{path}/infer": {"post": infer}}
    return paths, schemas
