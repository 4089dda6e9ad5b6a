"""`Idempotency-Key`: a write that is sent again is answered as it was, and not done again.

Kept are answers of success, for a day and for each person; what was refused did nothing and may be repeated.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from penstock.api import errors
from penstock.api.asgi import WRITES, App, Message, Receive, Scope, Send, header, is_api
from penstock.api.asked import person_of
from penstock.problems import BadRequest, Conflict, Problem
from penstock.records.answers import LEASE_S, Answer, AnswerStore, OtherRequest, UnderWay
from penstock.services.told import as_problems

NAME = "Idempotency-Key"
FORM = re.compile(r"[\x21-\x7e]{1,200}")
WAIT_S = 10.0
"""How long a repeated request waits for the first one's answer."""
LOOK_EVERY_S = 0.2
MOST_KEPT_BYTES = 1_000_000
REPLAYED = "idempotent-replayed"
_WITHOUT_SECRET = b'{"status":"success","message":"this was done already; its secret was shown only once"}'
"""Kept in place of an answer that holds a secret, as its `Cache-Control: no-store` says."""
_KEPT_HEADERS = frozenset({b"content-type", b"location", b"etag"})


@dataclass(frozen=True)
class Once:
    """One request that is to be done once.

    Attributes:
        store: The kept answers.
        actor: Who asks.
        key: The key that they gave.
    """

    store: AnswerStore
    actor: str
    key: str

    async def begin(self, fingerprint: str) -> Answer | None:
        """Begin, or give the answer that the request had; waits a while for one that is under way.

        Raises:
            BadRequest: The key was given to another request.
            Conflict: The same request is still being answered.
        """
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                with as_problems():
                    return await run_in_threadpool(self.store.begin, self.actor, self.key, fingerprint)
            except OtherRequest as error:
                raise BadRequest(
                    f"the {NAME} was given to another request already; give each its own",
                    code="idempotency_key_reused",
                ) from error
            except UnderWay as error:
                if time.monotonic() > deadline:
                    raise Conflict(
                        f"the request of this {NAME} is still being answered; repeat it in a moment",
                        code="under_way", retry_s=2,
                    ) from error  # fmt: skip
                await asyncio.sleep(LOOK_EVERY_S)

    async def end(self, answer: Answer) -> None:
        """Keep an answer of success; after any other the key is free again."""
        if 200 <= answer.status < 300 and len(answer.body) <= MOST_KEPT_BYTES:
            await run_in_threadpool(self.store.keep, self.actor, self.key, answer)
        else:
            await run_in_threadpool(self.store.forget, self.actor, self.key)

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """While the block runs, say from time to time that the request is being answered."""
        signs = asyncio.create_task(self._signs())
        try:
            yield
        finally:
            signs.cancel()

    async def _signs(self) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            await run_in_threadpool(self.store.live, self.actor, self.key)


async def once_of(request: Request) -> Once | None:
    """What a request's key makes of it; None where it has none.

    Raises:
        Problem: The key cannot be one, or nobody is signed in.
    """
    key = request.headers.get(NAME)
    if key is None:
        return None
    if not FORM.fullmatch(key):
        raise BadRequest(f"{NAME} must be 1 to 200 visible ASCII characters, such as a UUID; give another")
    person = await person_of(request)
    return Once(request.app.state.answers, person.caller, key)


def replay(answer: Answer) -> Response:
    """An answer as it was sent the first time, and a header that says so."""
    headers = {**answer.headers, REPLAYED: "true"}
    return Response(answer.body, answer.status, headers=headers)


class DoneOnce:
    """ASGI middleware that keeps the answers of writes that bring a key.

    Args:
        app: What is inside.
        streamed: Paths that do so themselves, as their body is not read here.
    """

    def __init__(self, app: App, *, streamed: frozenset[str]) -> None:
        self._app, self._streamed = app, streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_one = is_api(scope) and scope["method"] in WRITES and scope["path"] not in self._streamed
        if not is_one or not header(scope, NAME.lower().encode()):
            await self._app(scope, receive, send)
            return
        try:
            once = await once_of(Request(scope))
            known = await once.begin(_fingerprint(scope)) if once else None
        except Problem as problem:
            await errors.answer(problem)(scope, receive, send)
            return
        if known is not None:
            await replay(known)(scope, receive, send)
        elif once is not None:
            await self._done(once, scope, receive, send)

    async def _done(self, once: Once, scope: Scope, receive: Receive, send: Send) -> None:
        noting = _Noting(send)
        try:
            async with once.under_way():
                await self._app(scope, receive, noting)
        finally:
            await once.end(noting.answer())


@dataclass
class _Noting:
    """Sends an answer and notes what it says."""

    send: Send
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    has_secret: bool = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            pairs = message.get("headers", ())
            self.headers = {k.decode(): v.decode("latin-1") for k, v in pairs if k in _KEPT_HEADERS}
            self.has_secret = any(k == b"cache-control" and b"no-store" in v for k, v in pairs)
        elif len(self.body) <= MOST_KEPT_BYTES:
            self.body += message.get("body", b"")
        await self.send(message)

    def answer(self) -> Answer:
        return Answer(self.status, self.headers, _WITHOUT_SECRET if self.has_secret else bytes(self.body))


def _fingerprint(scope: Scope) -> str:
    """The digest of what a request asks: its method, path, query and body."""
    parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"])
    digest = hashlib.sha256(b"\0".join(parts) + b"\0")
    digest.update(scope.get("state", {}).get("body", b""))
    return digest.hexdigest()
