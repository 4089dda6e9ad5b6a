"""The description of the API: FastAPI's, with what holds for every operation said once; how to sign in."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

SERVERS = [{"url": "/", "description": "This address."}]
INTRODUCTION = """\
From a file to a monitored prediction: upload data, train and compare, deploy, split traffic, watch.

- **Who asks** is told by HTTP Basic (MLflow's users), a service key (`Authorization: Bearer ...`), or the
  console's session. Where `auth` is off, everybody on this machine is the local user.
- **Errors** have one form: `{"status": "error", "error": {"code", "message", "cause", "fix"}}`.
- **Lists** come in pages: `limit` and `cursor`; the headers `X-Next-Cursor` and `Link` tell how to go on.
- **Writes** take an `Idempotency-Key`: the same key and request are answered as before, for a day.
- **Reads** bear an `ETag`, which `If-None-Match` and, on `PUT`, `PATCH` and `DELETE`, `If-Match` take.
- **Long work** is a job. What answers when it is done can be asked not to wait: `Prefer: respond-async`.
- The same paths begin with `/api/v1/ml/` too, and mean this version for good.
"""
SECURITY: dict[str, Any] = {
    "password": {"type": "http", "scheme": "basic", "description": "An MLflow user's name and password."},
    "key": {"type": "http", "scheme": "bearer", "description": "A service key."},
    "session": {"type": "apiKey", "in": "cookie", "name": "penstock_session",
                "description": "The console's; writes need `X-CSRF-Token`, too."},
}  # fmt: skip
OPEN = frozenset({"/health"})
IDEMPOTENCY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes it safe to send the request again.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}
REQUEST_ID: dict[str, Any] = {
    "description": "Names the request in the logs; yours, if you sent one.",
    "schema": {"type": "string"},
}
_WRITES = ("post", "put", "patch", "delete")


def document(app: FastAPI) -> dict[str, Any]:
    """The description of all operations."""
    made = get_openapi(
        title="Penstock", version=app.version, description=INTRODUCTION, routes=app.routes, servers=SERVERS
    )
    made.setdefault("components", {})["securitySchemes"] = SECURITY
    for path, item in made["paths"].items():
        for method, operation in item.items():
            _complete(path, method, operation)
            _show_example(made["components"].get("schemas", {}), operation)
    return made


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say of one operation what holds for all."""
    responses = operation["responses"]
    refused = responses.get("422", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if refused.get("$ref", "").endswith("HTTPValidationError"):
        # FastAPI's own form, which nothing here answers.
        del responses["422"]
    for response in responses.values():
        response.setdefault("headers", {})["X-Request-Id"] = REQUEST_ID
    if path not in OPEN:
        operation.setdefault("security", [{"password": []}, {"key": []}, {"session": []}])
    if method in _WRITES and path.startswith("/api/"):
        operation.setdefault("parameters", []).append(IDEMPOTENCY)


def _show_example(schemas: Mapping[str, Any], operation: Mapping[str, Any]) -> None:
    """Show with a request's body the example of its class; of a choice of classes, that of the first."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if "example" in content or "examples" in content:
            continue
        schema = content.get("schema", {})
        choices = [schema, *schema.get("anyOf", ())]
        named = next((each["$ref"] for each in choices if "$ref" in each), "")
        found = schemas.get(named.rsplit("/", 1)[-1], {})
        shown = [*found.get("examples", ()), *([found["example"]] if "example" in found else [])]
        if shown:
            content["example"] = shown[0]
