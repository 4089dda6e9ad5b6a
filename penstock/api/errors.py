"""Whatever goes wrong is answered in one JSON form: `{"status": "error", "error": {code, message, ...}}`."""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from penstock.console.page import of_problem
from penstock.problems import BadRequest, NotFound, NotSignedIn, Problem
from penstock.services.told import unexpected

MOST_TOLD = 20
LONGEST_TOLD = 200
CHALLENGE = 'Basic realm="penstock", charset="UTF-8"'


def install(app: FastAPI) -> None:
    """Let an application answer all errors in the one form."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(Exception, _unexpected)


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that tells a problem."""
    more = dict(headers or {})
    if problem.retry_s is not None:
        more["Retry-After"] = str(max(1, math.ceil(problem.retry_s)))
    if isinstance(problem, NotSignedIn):
        more.setdefault("WWW-Authenticate", CHALLENGE)
    return Response(_json(problem.as_data()), problem.status, headers=more, media_type="application/json")


def refusal(status: int, code: str, sentence: str) -> Problem:
    """A problem of HTTP itself, such as a wrong method."""
    problem = Problem(sentence, code=code)
    problem.status = status
    return problem


async def _problem(_: Request, error: Exception) -> Response:
    return answer(error if isinstance(error, Problem) else unexpected(error))


async def _unexpected(_: Request, error: Exception) -> Response:
    return answer(unexpected(error))


async def _of_framework(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = getattr(error, "headers", None)
    path, method = request.url.path[:LONGEST_TOLD], request.method
    if status == HTTPStatus.NOT_FOUND:
        problem = NotFound(f"there is nothing at {path!r}; `GET /docs` lists what there is")
        return of_problem(request, problem) if _is_for_people(request) else answer(problem, headers)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (headers or {}).get("Allow", "")
        sentence = f"{method} is not for {path!r}; it takes {allowed or 'another method'}"
        return answer(refusal(status, "wrong_method", sentence), headers)
    code = HTTPStatus(status).phrase.lower().replace(" ", "_")
    return answer(refusal(status, code, str(getattr(error, "detail", code))), headers)


def _is_for_people(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


async def _unreadable(_: Request, error: Exception) -> Response:
    found: Sequence[Mapping[str, Any]] = error.errors() if isinstance(error, RequestValidationError) else ()
    told = [{"field": _field(each["loc"]), "message": _message(each)} for each in found[:MOST_TOLD]]
    first = told[0] if told else {"field": "", "message": "the request cannot be read"}
    sentence = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    if len(found) > 1:
        sentence += f" (and {len(found) - 1} more, see details)"
    code = "unknown_field" if found and found[0]["type"] == "unknown_field" else "bad_request"
    return answer(BadRequest(sentence, code=code, details={"errors": told}))


def _field(place: Sequence[int | str]) -> str:
    """A field's name as the caller wrote it: `hyperparameters.max_depth`, without where it was sent."""
    parts = place[1:] if place and place[0] in {"body", "query", "path", "header", "cookie"} else place
    return ".".join(str(part) for part in parts)[:LONGEST_TOLD]


def _message(found: Mapping[str, Any]) -> str:
    text = str(found["msg"]).removeprefix("Value error, ")
    if found["type"] == "missing":
        return "it is wanted and was not sent"
    sent = found.get("input")
    is_shown = isinstance(sent, str | int | float | bool) and found["type"] != "unknown_field"
    came = f", not {sent!r:.60}" if is_shown else ""
    return text[:1].lower() + text[1:].rstrip(".") + came


def _json(data: object) -> bytes:
    # Half a character may come in a name and be told back.
    try:
        return orjson.dumps(data, default=str)
    except TypeError:
        return orjson.dumps(_plain(data), default=str)


def _plain(data: object) -> object:
    if isinstance(data, str):
        return data.encode(errors="replace").decode()
    if isinstance(data, Mapping):
        return {str(_plain(key)): _plain(value) for key, value in data.items()}
    return [_plain(each) for each in data] if isinstance(data, list | tuple) else data
