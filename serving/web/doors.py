"""The gateway's doors: which path and method leads where."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from serving.log_keeping import LogKeeping
from serving.protocol.dialect import MLFLOW
from serving.protocol.errors import RequestError
from serving.registry.follower import Follower
from serving.release import release
from serving.web import describe, v2_doors
from serving.web.asgi import (
    JSON,
    METRICS_TYPE,
    Exchange,
    Receive,
    Scope,
    Send,
    address_of,
    respond,
    respond_json,
)
from serving.web.guards import Guards
from serving.web.invocations import Invocations
from serving.web.names import unknown_model
from serving.web.openapi.document import document
from serving.web.tally import Tally

PREFIX, SUFFIX = "/models/", "/invocations"
FEEDBACK = "/feedback"

Door = Callable[[Scope, Send], Awaitable[None]]


class Doors:
    """Leads HTTP requests to what answers them. For one event loop.

    Args:
        follower: Holds the routing table.
        invocations: Answers predictions.
        exposition: Makes the text of `/metrics`; called in a thread.
        tally: Counts what is turned away.
        root: The gateway's folder.
        guards: Who may look, and what refusals tell.
        keeping: Takes feedback, and tells of the log.
    """

    def __init__(
        self,
        follower: Follower,
        invocations: Invocations,
        exposition: Callable[[], bytes],
        tally: Tally,
        root: Path,
        *,
        guards: Guards | None = None,
        keeping: LogKeeping | None = None,
    ) -> None:
        self._follower, self._invocations = follower, invocations
        self._exposition, self._tally, self._root = exposition, tally, root
        self._guards, self._keeping = guards or Guards(), keeping
        self._fixed: dict[str, Door] = {
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": self._metrics,
            "/models": self._models,
            "/openapi.json": self._openapi,
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
        if path == FEEDBACK and self._keeping is not None and scope["method"] == "POST":
            http = Exchange(scope, receive, send)
            await self._keeping.door.answer(self._follower.table, http, self._tally.rejected)
            return
        if path.startswith(v2_doors.ROOT):
            await self._v2(path.rstrip("/"), scope, receive, send)
            return
        try:
            await self._look(path.rstrip("/") or "/", scope, send)
        except RequestError as error:
            self._tally.rejected(error.reason or "unknown_model")
            await self._refuse(send, error)

    async def _v2(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        dialect, table = v2_doors.inference(path), self._follower.table
        if dialect and scope["method"] == "POST":
            await self._invocations.answer(dialect.name, dialect, table, Exchange(scope, receive, send))
            return
        try:
            v2_doors.check_method(dialect, scope["method"])
            await self._guards.let_in(path, scope["headers"], table, address_of(scope))
            visible = self._guards.visible(scope["headers"], table)
            status, told = await v2_doors.look(path, visible, self._follower, self._root)
            await respond_json(send, status, told)
        except RequestError as error:
            self._tally.rejected(error.reason or "unknown_model")
            shown = self._guards.disclosure.shown(error)
            await respond(send, error.status, v2_doors.refusal(shown), (JSON, *shown.headers))

    async def _look(self, path: str, scope: Scope, send: Send) -> None:
        door = self._fixed.get(path) or (self._model if path.startswith(PREFIX) else None)
        if path == FEEDBACK:
            await self._wrong_method(send, "POST")
        elif door is None:
            self._tally.rejected("unknown_path")
            sentence = (
                "there is no such path; GET /models lists the models, POST /models/NAME/invocations predicts"
            )
            await self._refuse(send, RequestError(404, sentence))
        elif scope["method"] not in ("GET", "HEAD"):
            await self._wrong_method(send, "GET")
        else:
            await self._guards.let_in(path, scope["headers"], self._follower.table, address_of(scope))
            await door(scope, send)

    async def _wrong_method(self, send: Send, allowed: str) -> None:
        self._tally.rejected("method")
        allow = ((b"allow", allowed.encode()),)
        await self._refuse(send, RequestError(405, f"this path takes {allowed} only", headers=allow))

    async def _refuse(self, send: Send, error: RequestError) -> None:
        shown = self._guards.disclosure.shown(error)
        await respond(send, error.status, shown.body(), (JSON, *shown.headers))

    async def _health(self, _scope: Scope, send: Send) -> None:
        await respond_json(send, 200, {"healthy": True})

    async def _ready(self, _scope: Scope, send: Send) -> None:
        is_ready, detail = describe.readiness(self._follower)
        if self._keeping is not None:
            detail |= {"log": self._keeping.detail()}
        await respond_json(send, 200 if is_ready else 503, self._guards.readiness(detail))

    async def _metrics(self, _scope: Scope, send: Send) -> None:
        text = await asyncio.to_thread(self._exposition)
        await respond(send, 200, text, (METRICS_TYPE,))

    async def _models(self, scope: Scope, send: Send) -> None:
        visible = self._guards.visible(scope["headers"], self._follower.table)
        await respond_json(send, 200, describe.models(visible))

    async def _openapi(self, scope: Scope, send: Send) -> None:
        visible = self._guards.visible(scope["headers"], self._follower.table)
        made = await asyncio.to_thread(
            document, visible, url=_own_url(scope), release=release(), root=self._root
        )
        await respond_json(send, 200, made)

    async def _model(self, scope: Scope, send: Send) -> None:
        name = scope["path"].rstrip("/")[len(PREFIX) :]
        table = self._follower.table
        route = table.get(name)
        if route is None:
            raise unknown_model(name, self._guards.visible(scope["headers"], table))
        stages = self._follower.stages.get(route.state.model, {})
        detail = await asyncio.to_thread(describe.model, name, route, stages, self._root, _own_url(scope))
        await respond_json(send, 200, detail)


def _own_url(scope: Scope) -> str:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    if not host:
        address, port = scope["server"]
        host = f"{address}:{port}"
    return f"{scope['scheme']}://{host}"
