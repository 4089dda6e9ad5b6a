"""The shapes of ASGI, and answers sent without a framework around them."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import Response

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

API = "/api/"
"""What programs call; all else is pages."""
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def is_api(scope: Scope) -> bool:
    """Whether a request is a program's."""
    return scope["type"] == "http" and str(scope["path"]).startswith(API)


def header(scope: Scope, name: bytes) -> str:
    """A header's text, the last of several; empty where there is none."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[-1].decode("latin-1") if found else ""


async def send_answer(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer."""
    await response(scope, receive, send)
