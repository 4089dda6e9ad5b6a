"""The operations of the gateway's doors: what each takes and what it answers."""

from collections.abc import Iterable
from typing import Any

from serving.web.openapi.schemas import TEXT, Schema, listed, ref

Operation = dict[str, Any]

REASONS = {
    400: "The request is not what was wanted; the sentence says why.",
    401: "No known credentials came.",
    403: "The credentials are not for this.",
    404: "There is no such model or version.",
    405: "The path takes another method.",
    408: "The body did not arrive in time.",
    413: "The body is too long, also unpacked, or has too many rows or columns.",
    415: "The content type or the content coding is not supported.",
    429: "Too many requests; `Retry-After` says when to come again.",
    500: "The model failed; the gateway's log says how.",
    503: "Nobody can answer now.",
    504: "The model was late.",
}
GUARDED = (401, 403, 429, 503)
SCORED = (400, 401, 403, 404, 408, 413, 415, 429, 500, 503, 504)
JSON = "application/json"
BINARY = "application/octet-stream"

NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": TEXT,
    "description": "A model, or a route of its own name.",
}
VERSION = {
    "name": "version",
    "in": "path",
    "required": True,
    "schema": TEXT,
    "description": "A version that a variant of the route holds.",
}
CALLER = [
    {
        "name": "X-User-Id",
        "in": "header",
        "schema": TEXT,
        "description": "What stays the same for one user: the same key gets the same variant.",
    },
    {
        "name": "X-Request-Id",
        "in": "header",
        "schema": TEXT,
        "description": "Echoed, and kept on the prediction log.",
    },
]
ANSWERED = {
    "X-Prediction-Id": {"schema": TEXT, "description": "What feedback names; `<id>-<i>` is row i."},
    "X-Penstock-Version": {"schema": TEXT},
    "X-Penstock-Variant": {"schema": TEXT},
}


def told(summary: str, schema: str, statuses: Iterable[int], *, error: str = "Error", tag: str) -> Operation:
    """A GET that answers JSON."""
    return {
        "summary": summary,
        "tags": [tag],
        "responses": {"200": _answer("OK", ref(schema))} | _errors(statuses, error),
    }


def health(summary: str, schema: str, statuses: Iterable[int], *, tag: str) -> Operation:
    """A GET whose refusals have the shape of its answers."""
    found = told(summary, schema, statuses, tag=tag)
    found["responses"]["503"] = _answer(REASONS[503], ref(schema))
    return found


def metrics() -> Operation:
    """The metrics."""
    text = {"description": "OK", "content": {"text/plain": {"schema": TEXT}}}
    return {
        "summary": "Metrics for Prometheus",
        "tags": ["gateway"],
        "responses": {"200": text} | _errors(GUARDED, "Error"),
    }


def invocations(about: str, body: Schema, answer: Schema, example: object = None) -> Operation:
    """MLflow's scoring protocol."""
    media: dict[str, Any] = {"schema": body} | ({"example": example} if example else {})
    content = {
        JSON: media,
        "text/csv": {"schema": {**TEXT, "description": "A header line, then a line a row."}},
        "application/vnd.apache.parquet": {"schema": {}},
    }
    return {
        "summary": f"Predict with {about} (MLflow's scoring protocol)",
        "tags": ["predictions"],
        "parameters": CALLER,
        "requestBody": {"required": True, "content": content},
        "responses": {"200": _answer("OK", answer) | {"headers": ANSWERED}} | _errors(SCORED, "Error"),
    }


def inference(about: str, body: Schema, example: object = None) -> Operation:
    """The Open Inference Protocol's inference."""
    media: dict[str, Any] = {"schema": body} | ({"example": example} if example else {})
    where = {
        "name": "Inference-Header-Content-Length",
        "in": "header",
        "schema": {"type": "integer", "minimum": 0},
        "description": "Where the JSON ends and the binary tensors begin.",
    }
    answer = _answer("OK", ref("InferenceResponse")) | {"headers": ANSWERED}
    answer["content"][BINARY] = {"schema": {}}
    return {
        "summary": f"Predict with {about} (Open Inference Protocol V2)",
        "tags": ["v2"],
        "parameters": [*CALLER, where],
        "requestBody": {"required": True, "content": {JSON: media, BINARY: {"schema": {}}}},
        "responses": {"200": answer} | _errors(SCORED, "V2Error"),
    }


def feedback() -> Operation:
    """What became of predictions."""
    body = {"oneOf": [ref("Outcome"), listed(ref("Outcome"))]}
    refused = {"anyOf": [ref("Error"), {"allOf": [ref("Error"), ref("FeedbackAnswer")]}]}
    responses = _errors((401, 403, 408, 413, 415, 429), "Error") | {
        "200": _answer("Some or all were taken.", ref("FeedbackAnswer")),
        "400": _answer("None was taken.", refused),
        "503": _answer("None could be written.", refused),
    }
    return {
        "summary": "Say what became of predictions",
        "tags": ["feedback"],
        "requestBody": {"required": True, "content": {JSON: {"schema": body}}},
        "responses": responses,
    }


def _answer(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": schema}}}


def _errors(statuses: Iterable[int], schema: str) -> dict[str, Any]:
    return {str(status): _answer(REASONS[status], ref(schema)) for status in statuses}
