"""ETags of what is read, and conditions on them: `If-None-Match` of reads, `If-Match` of writes.

A tag is the digest of the answer's bytes. A write with `If-Match` first reads the same path inside, as its
caller, and is refused if that is not what the caller has seen.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from penstock.api import errors
from penstock.api.asgi import App, Message, Receive, Scope, Send, header, is_api
from penstock.problems import Changed

READS = frozenset({"GET", "HEAD"})
CHANGES = frozenset({"PUT", "PATCH", "DELETE"})
SEEN, GONE, NOT_READ = 200, 404, 405
_CONDITIONS = (b"if-match", b"if-none-match", b"idempotency-key", b"content-length", b"content-type")


class Matching:
    """ASGI middleware that tags answers to reads and keeps the conditions that requests make."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._writing: dict[str, tuple[asyncio.Lock, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not is_api(scope):
            await self._app(scope, receive, send)
        elif scope["method"] in READS:
            await self._app(scope, receive, _Tagging(send, header(scope, b"if-none-match")))
        elif scope["method"] in CHANGES and (wanted := header(scope, b"if-match")):
            async with self._alone(scope["path"]):
                await self._changed(scope, receive, send, wanted)
        else:
            await self._app(scope, receive, send)

    async def _changed(self, scope: Scope, receive: Receive, send: Send, wanted: str) -> None:
        """Let a write through if what it is about is as its caller has seen it.

        What cannot be looked at, for lack of rights or for a fault, is answered as the look itself. A path
        that is only written, or whose answer bears no tag, is let through: nobody can have seen its state.
        """
        seen = await self._seen(scope)
        if seen.status == NOT_READ:
            await self._app(scope, receive, send)
        elif seen.status == GONE or (seen.status == SEEN and not _is_among(tag_of(bytes(seen.body)), wanted)):
            changed = Changed(
                f"'{scope['path'][:200]}' is not what you have seen; get it again, and then decide anew"
            )
            await errors.answer(changed)(scope, receive, send)
        elif seen.status == SEEN:
            await self._app(scope, receive, send)
        else:
            await seen.told(send)

    async def _seen(self, scope: Scope) -> "_Kept":
        kept = _Kept()
        headers = [(key, value) for key, value in scope["headers"] if key not in _CONDITIONS]
        inner = {**scope, "method": "GET", "headers": headers, "query_string": b""}
        inner["state"] = {key: value for key, value in scope.get("state", {}).items() if key != "body"}
        with suppress(_NoTag):
            await self._app(inner, _without_body(), kept)
        return kept

    @asynccontextmanager
    async def _alone(self, path: str) -> AsyncIterator[None]:
        """One conditional write of a path at a time."""
        lock, waiting = self._writing.get(path, (asyncio.Lock(), 0))
        self._writing[path] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._writing[path]
            if waiting == 1:
                del self._writing[path]
            else:
                self._writing[path] = (lock, waiting - 1)


def tag_of(body: bytes) -> str:
    """The ETag of an answer's bytes."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def _is_among(tag: str, wanted: str) -> bool:
    tags = [each.strip().removeprefix("W/") for each in wanted.split(",")]
    return "*" in tags or tag in tags


def _without_body() -> Receive:
    """Give an empty body; whoever waits for the caller to leave waits for ever."""
    left: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop()

    return receive


class _NoTag(Exception):  # noqa: N818 - no error
    """Breaks an answer off that bears no tag: it may be long, or never end."""


@dataclass
class _Kept:
    """What an answer said, if it is one that `_Tagging` would tag or a refusal."""

    status: int = 0
    start: Message = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.start = message["status"], message
            self._check(is_tagged=_is_json(message))
        else:
            self._check(is_tagged=not message.get("more_body", False))
            self.body += message.get("body", b"")

    def _check(self, *, is_tagged: bool) -> None:
        if self.status == SEEN and not is_tagged:
            self.status = NOT_READ
            raise _NoTag

    async def told(self, send: Send) -> None:
        """Give the answer to another."""
        await send(self.start)
        await send({"type": "http.response.body", "body": bytes(self.body)})


class _Tagging:
    """Sends an answer that comes in one piece with its tag, or 304 where the caller has it already."""

    def __init__(self, send: Send, known: str) -> None:
        self._send, self._known = send, known
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200 and _is_json(message):
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            body = message.get("body", b"")
            if not message.get("more_body", False):
                tag = tag_of(body)
                start["headers"] = [*start["headers"], (b"etag", tag.encode())]
                if self._known and _is_among(tag, self._known):
                    start["status"] = 304
                    start["headers"] = [pair for pair in start["headers"] if pair[0] != b"content-length"]
                    message = {"type": "http.response.body", "body": b""}
            await self._send(start)
        await self._send(message)


def _is_json(start: Message) -> bool:
    return any(key == b"content-type" and b"json" in value for key, value in start.get("headers", ()))
