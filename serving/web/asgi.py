"""The few words of ASGI that the gateway speaks: read a bounded body, send one answer."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

import orjson

from serving.protocol.errors import RequestError

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
METRICS_TYPE = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
ARRIVED = "penstock.arrived"
"""The scope's key for when the last part of the request was read from the socket, by `time.perf_counter`."""


class Exchange(NamedTuple):
    """One HTTP request and the way to answer it; a named tuple because one is made for each request."""

    scope: Scope
    receive: Receive
    send: Send


class ClientLeft(Exception):  # noqa: N818 - an event, not a fault
    """The client closed the connection before its request was whole."""


def address_of(scope: Scope) -> str:
    """Where a request comes from; empty where that is not known."""
    client = scope.get("client")
    return str(client[0]) if client else ""


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """Read a whole body.

    Raises:
        RequestError: 413; the body is longer than allowed.
        ClientLeft: The client went away.
    """
    message = await receive()
    if not message.get("more_body"):
        if message["type"] == "http.disconnect":
            raise ClientLeft
        body: bytes = message.get("body", b"")
        check_length(len(body), max_bytes)
        return body
    chunks, length = [message["body"]], len(message["body"])
    while message.get("more_body"):
        check_length(length, max_bytes)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunks.append(message["body"])
        length += len(message["body"])
    check_length(length, max_bytes)
    return b"".join(chunks)


def check_length(length: int, max_bytes: int) -> None:
    """Refuse a body that is too long.

    Raises:
        RequestError: 413.
    """
    if length > max_bytes:
        raise RequestError(413, f"the body must be at most {max_bytes} bytes; send fewer rows a request")


async def respond(send: Send, status: int, body: bytes, headers: Headers = (JSON,)) -> None:
    """Send one whole answer."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def respond_json(send: Send, status: int, value: object) -> None:
    """Send a value as indented JSON, for people to read."""
    await respond(send, status, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
