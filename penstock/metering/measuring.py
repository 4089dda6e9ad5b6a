"""ASGI middleware that counts answers; it costs a few microseconds a request."""

import time

from penstock.api.asgi import App, Message, Receive, Scope, Send
from penstock.metering.answers import Answers

STRANGE = "other"
"""The template of paths that lead nowhere: their own texts would be endless labels."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measuring:
    """Counts answers by the template of the route that they came from.

    Args:
        app: What is inside.
        answers: Where they are counted.
    """

    def __init__(self, app: App, *, answers: Answers) -> None:
        self._app, self._answers = app, answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            method = scope["method"] if scope["method"] in METHODS else STRANGE
            route = getattr(scope.get("route"), "path", STRANGE)
            self._answers.add(method, route, status, time.perf_counter() - started)
