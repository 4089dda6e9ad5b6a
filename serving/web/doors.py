"""The gateway's doors: which path and method leads where."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from serving.protocol.dialect import MLFLOW
from serving.protocol.errors import RequestError
from serving.registry.follower import Follower
from serving.web import describe
from serving.web.asgi import Exchange, Receive, Scope, Send, respond, respond_json
from serving.web.invocations import Invocations
from serving.web.names import unknown_model
from serving.web.tally import Tally

PREFIX, SUFFIX = "/models/", "/invocations"
METRICS_TYPE = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")

Door = Callable[[Scope, Send], Awaitable[None]]


class Doors:
    """Leads HTTP requests to what answers them. For one event loop.

    Args:
        follower: Holds the routing table.
        invocations: Answers predictions.
        exposition: Makes the text of `/metrics`; called in a thread.
        tally: Counts what is turned away.
        root: The gateway's folder.
    """

    def __init__(
        self,
        follower: Follower,
        invocations: Invocations,
        exposition: Callable[[], bytes],
        tally: Tally,
        root: Path,
    ) -> None:
        self._follower, self._invocations = follower, invocations
        self._exposition, self._tally, self._root = exposition, tally, root
        self._fixed: dict[str, Door] = {
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": self._metrics,
            "/models": self._models,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        path: str = scope["path"]
        if path.startswith(PREFIX) and path.endswith(SUFFIX):
            if scope["method"] == "POST":
                name = path[len(PREFIX) : -len(SUFFIX)]
                await self._invocations.answer(
                    name, MLFLOW, self._follower.table, Exchange(scope, receive, send)
                )
            else:
                await self._wrong_method(send, "POST")
            return
        try:
            await self._look(path.rstrip("/") or "/", scope, send)
        except RequestError as error:
            self._tally.rejected("unknown_model")
            await respond(send, error.status, error.body())

    async def _look(self, path: str, scope: Scope, send: Send) -> None:
        door = self._fixed.get(path) or (self._model if path.startswith(PREFIX) else None)
        if door is None:
            self._tally.rejected("unknown_path")
            sentence = (
                "there is no such path; GET /models lists the models, POST /models/NAME/invocations predicts"
            )
            await respond(send, 404, RequestError(404, sentence).body())
        elif scope["method"] not in ("GET", "HEAD"):
            await self._wrong_method(send, "GET")
        else:
            await door(scope, send)

    async def _wrong_method(self, send: Send, allowed: str) -> None:
        self._tally.rejected("method")
        error = RequestError(405, f"this path takes {allowed} only")
        headers = ((b"content-type", b"application/json"), (b"allow", allowed.encode()))
        await respond(send, 405, error.body(), headers)

    async def _health(self, _scope: Scope, send: Send) -> None:
        await respond_json(send, 200, {"healthy": True})

    async def _ready(self, _scope: Scope, send: Send) -> None:
        is_ready, detail = describe.readiness(self._follower)
        await respond_json(send, 200 if is_ready else 503, detail)

    async def _metrics(self, _scope: Scope, send: Send) -> None:
        text = await asyncio.to_thread(self._exposition)
        await respond(send, 200, text, (METRICS_TYPE,))

    async def _models(self, _scope: Scope, send: Send) -> None:
        await respond_json(send, 200, describe.models(self._follower.table))

    async def _model(self, scope: Scope, send: Send) -> None:
        name = scope["path"].rstrip("/")[len(PREFIX) :]
        table = self._follower.table
        route = table.get(name)
        if route is None:
            raise unknown_model(name, table)
        stages = self._follower.stages.get(route.state.model, {})
        detail = await asyncio.to_thread(describe.model, name, route, stages, self._root, _own_url(scope))
        await respond_json(send, 200, detail)


def _own_url(scope: Scope) -> str:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    if not host:
        address, port = scope["server"]
        host = f"{address}:{port}"
    return f"{scope['scheme']}://{host}"
