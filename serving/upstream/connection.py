"""One HTTP/1.1 connection to an upstream, for one request at a time."""

import asyncio
from contextlib import suppress
from typing import NamedTuple

import httptools

from serving.upstream.errors import Lost, NotSent

MOST_BYTES = 256 * 1024 * 1024
"""The longest answer that is taken; its headers count."""

SMALL_BYTES = 64 * 1024


class Answer(NamedTuple):
    """A whole answer; header names are lower-case."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Connection(asyncio.Protocol):
    """Sends a request and waits for its answer. For one event loop.

    Attributes:
        is_open: Whether another request may be sent.
        idle_since: When its last answer was whole, by the loop's clock.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.is_open, self.idle_since = False, loop.time()
        self._loop = loop
        self._transport: asyncio.WriteTransport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._begin()

    async def exchange(self, head: bytes, body: bytes, left_s: float) -> Answer:
        """Send one request and wait for the whole answer.

        Raises:
            NotSent: The request was surely not processed.
            Lost: The connection ended before the answer was whole.
            TimeoutError: The answer is late; the connection is given up.
        """
        if not self.is_open or self._transport is None:
            raise NotSent("the connection was closed")
        self._begin()
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        self._waiter = waiter
        timer = self._loop.call_later(max(left_s, 0.0), self._expire)
        if len(body) <= SMALL_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))
        try:
            return await waiter
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            timer.cancel()
            self._waiter = None

    def close(self) -> None:
        """Give the connection up at once."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def close_soon(self) -> None:
        """Give the connection up; may be called from any thread."""
        with suppress(RuntimeError):  # the loop is closed, and its connections with it
            self._loop.call_soon_threadsafe(self.close)

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = transport  # type: ignore[assignment]
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        self._received += len(data)
        if self._waiter is None or self._received > MOST_BYTES:
            self._fail(Lost(f"the answer is longer than {MOST_BYTES} bytes"))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(Lost(f"the answer is no HTTP: {error}"))

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        self.is_open = False
        if self._waiter is None or self._waiter.done():
            return
        if self._has_head and self._ends_with_connection:
            self._complete()
        elif self._received or not isinstance(error, ConnectionResetError | BrokenPipeError):
            self._fail(Lost("the connection ended before the answer was whole"))
        else:
            # The peer's kernel had bytes of the request that nobody had read, or took none any more.
            self._fail(NotSent("the connection was closed before the request was read"))

    # What follows is called by the parser.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Note how the body will end."""
        self._has_head = True
        self._ends_with_connection = not (
            b"content-length" in self._headers or b"transfer-encoding" in self._headers
        )

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Answer whoever waits, unless this was only a word on the way (1xx)."""
        if self._parser.get_status_code() < 200:
            self._begin()
        else:
            self._complete()

    def _begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._received = 0
        self._has_head = self._ends_with_connection = False

    def _complete(self) -> None:
        if self._waiter is None or self._waiter.done():
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._waiter.set_result(Answer(self._parser.get_status_code(), self._headers, body))
        self.idle_since = self._loop.time()
        if not self._parser.should_keep_alive():
            self.close()

    def _expire(self) -> None:
        self._fail(TimeoutError())

    def _fail(self, error: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self.close()
