"""The model server's doors: a version's predictions and facts, and whether the server is well."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from serving.model_server.answering import Answering
from serving.model_server.frame import MEDIA_TYPE, pack
from serving.model_server.library import Library
from serving.protocol.dialect import Asked
from serving.protocol.errors import RequestError
from serving.scorers.forwarding import ARTEFACT, REASON
from serving.web.asgi import (
    JSON,
    METRICS_TYPE,
    ClientLeft,
    Exchange,
    check_length,
    read_body,
    respond,
    respond_json,
)

PREFIX, MIDDLE, SUFFIX = "/models/", "/versions/", "/invocations"
HOLD = "/hold"
FRAME = ((b"content-type", MEDIA_TYPE),)
NO_PATH = "there is no such path; POST /models/NAME/versions/NUMBER/invocations predicts"


class Place(NamedTuple):
    """What a path under `/models/` means."""

    model: str
    version: str
    is_invocation: bool


class ModelServer:
    """An ASGI application. For one event loop.

    Args:
        library: Finds what answers.
        answering: Has requests scored.
        holders: Is told of each that wants the process kept (+1) and of each that has left (-1).
        exposition: Makes the text of `/metrics`; called in a thread.
        figures: Makes the JSON of `/figures`; called in a thread.
    """

    def __init__(
        self,
        library: Library,
        answering: Answering,
        holders: Callable[[int], None] | None = None,
        exposition: Callable[[], bytes] | None = None,
        figures: Callable[[], bytes] | None = None,
    ) -> None:
        self._library, self._answering = library, answering
        self._holders, self._exposition, self._figures = holders, exposition, figures

    async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
        """Answer one HTTP request."""
        http = Exchange(scope, receive, send)  # type: ignore[arg-type]
        try:
            await self._answer(str(scope["path"]), http)
        except RequestError as error:
            reason = ((REASON, error.reason.encode("latin-1")),) if error.reason else ()
            await respond(http.send, error.status, error.body(), (JSON, *reason, *error.headers))
        except ClientLeft:
            pass

    async def _answer(self, path: str, http: Exchange) -> None:
        place = _place(path)
        if place is not None and place.is_invocation:
            await self._invoke(place, http)
        elif place is not None:
            await self._facts(place, http)
        elif path == "/health":
            await respond_json(http.send, 200, {"healthy": True})
        elif path == "/ready":
            problems = self._library.problems()
            await respond_json(http.send, 200, {"ready": True, "problems": problems})
        elif path == "/metrics" and self._exposition is not None:
            await respond(http.send, 200, await asyncio.to_thread(self._exposition), (METRICS_TYPE,))
        elif path == "/figures" and self._figures is not None:
            await respond(http.send, 200, await asyncio.to_thread(self._figures), (JSON,))
        elif path == HOLD and self._holders is not None:
            await self._hold(self._holders, http)
        else:
            raise RequestError(404, NO_PATH)

    async def _invoke(self, place: Place, http: Exchange) -> None:
        if http.scope["method"] != "POST":
            raise RequestError(405, "this path takes POST only", headers=((b"allow", b"POST"),))
        headers = dict(http.scope["headers"])
        most = self._answering.limits.body_bytes
        length = headers.get(b"content-length", b"0")
        check_length(int(length) if length.isdigit() else 0, most)
        body = await read_body(http.receive, most)
        artefact = headers.get(ARTEFACT)
        scorer = await self._library.scorer(
            place.model, place.version, artefact.decode("latin-1") if artefact else None
        )
        scored = await self._answering.scored(scorer, place.version, Asked(body, headers))
        if headers.get(b"accept") == MEDIA_TYPE:
            await respond(http.send, 200, pack(scored), FRAME)
        else:
            await respond(http.send, 200, scored.body, scored.headers)

    async def _facts(self, place: Place, http: Exchange) -> None:
        artefact = dict(http.scope["headers"]).get(ARTEFACT)
        scorer = await self._library.scorer(
            place.model, place.version, artefact.decode("latin-1") if artefact else None
        )
        facts = {
            "name": place.model,
            "version": place.version,
            "scorer": scorer.kind,
            "fallback": scorer.fallback,
            "reason": scorer.reason,
            "schema": [{"name": name, "type": kind} for name, kind in scorer.columns],
        }
        await respond_json(http.send, 200, facts)

    async def _hold(self, holders: Callable[[int], None], http: Exchange) -> None:
        """Answer with a body that ends when the client leaves: as long as one is held, the process stays."""
        holders(+1)
        try:
            await http.send({"type": "http.response.start", "status": 200, "headers": []})
            await http.send({"type": "http.response.body", "body": b"held\n", "more_body": True})
            while (await http.receive())["type"] != "http.disconnect":
                pass
        finally:
            holders(-1)


@lru_cache(maxsize=1024)
def _place(path: str) -> Place | None:
    if not path.startswith(PREFIX) or MIDDLE not in path:
        return None
    is_invocation = path.endswith(SUFFIX)
    model, _, version = path[len(PREFIX) : -len(SUFFIX) if is_invocation else None].rpartition(MIDDLE)
    return Place(model, version, is_invocation) if model and version and "/" not in version else None
