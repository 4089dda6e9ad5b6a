"""What a request may bring: JSON, sound and within bounds; uploads are read by their own endpoint."""

from collections.abc import Collection, Iterable

import orjson

from penstock.api import errors
from penstock.api.asgi import WRITES, App, Message, Receive, Scope, Send, header, is_api
from penstock.problems import BadRequest, Problem, TooLarge

MOST_BYTES = 1_000_000
DEEPEST = 64
"""Levels of arrays and objects within each other."""
FORM = "multipart/form-data"


class Bodies:
    """ASGI middleware that reads a write's body, once, and refuses what cannot be used.

    Args:
        app: What is inside; it finds the body in `scope["state"]["body"]`, too.
        streamed: Paths whose bodies are read by what is inside.
    """

    def __init__(self, app: App, *, streamed: Collection[str]) -> None:
        self._app, self._streamed = app, frozenset(streamed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] not in WRITES:
            await self._app(scope, receive, send)
            return
        kind = header(scope, b"content-type").partition(";")[0].strip().lower()
        is_form_of_a_page = kind == FORM and not is_api(scope)
        try:
            _check_encoding(scope)
            if scope["path"] in self._streamed or is_form_of_a_page:
                await self._app(scope, receive, send)
                return
            body = await _read(scope, receive)
            if body and is_api(scope):
                _check_json(body, kind)
        except Problem as problem:
            await errors.answer(problem)(scope, receive, send)
            return
        scope.setdefault("state", {})["body"] = body
        await self._app(scope, _again(body, receive), send)


def _check_encoding(scope: Scope) -> None:
    encoding = header(scope, b"content-encoding")
    if encoding and encoding.lower() != "identity":
        sentence = f"the body came packed ({encoding[:40]!r}); send it as it is"
        raise errors.refusal(415, "wrong_content_type", sentence)


async def _read(scope: Scope, receive: Receive) -> bytes:
    too_large = TooLarge(f"the body is larger than {MOST_BYTES / 1e6:g} MB; send less at once")
    announced = header(scope, b"content-length")
    if announced.isdecimal() and int(announced) > MOST_BYTES:
        raise too_large
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("the connection ended before the body did; send it again")
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise too_large
        if not message.get("more_body", False):
            return bytes(body)


def _check_json(body: bytes, kind: str) -> None:
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        came = f"not {kind[:60]!r}" if kind else "and none came"
        sentence = f"the content type 'application/json' was wanted, {came}; send JSON and say so"
        raise errors.refusal(415, "wrong_content_type", sentence)
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise errors.refusal(
            400, "bad_json", f"the body is no JSON ({place}: {error.msg}); mend it"
        ) from error
    # Most bodies are small: only what could break a bound is walked.
    if body.count(b"[") + body.count(b"{") > DEEPEST or b"\\u0000" in body:
        _check_values(sent)


def _check_values(sent: object) -> None:
    level: list[object] = [sent]
    for _ in range(DEEPEST + 1):
        if any(isinstance(each, str) and "\0" in each for each in level):
            raise BadRequest("a text holds the character NUL, which nothing here can keep; leave it out")
        if not any(isinstance(each, dict | list) for each in level):
            return
        level = [inner for each in level for inner in _inside(each)]
    raise BadRequest(f"the body is nested deeper than {DEEPEST} levels; send a flatter one")


def _inside(each: object) -> Iterable[object]:
    if isinstance(each, dict):
        return (*each.keys(), *each.values())
    return each if isinstance(each, list) else ()


def _again(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read, then whatever comes."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return left.pop() if left else await receive()

    return receive_again
