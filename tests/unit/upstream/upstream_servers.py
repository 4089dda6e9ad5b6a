"""Servers of a few lines that do to a connection what a test tells them to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from serving.upstream.address import Address

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Handler = Callable[["Fake", bytes, Writer], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def answer_ok(_fake: "Fake", _request: bytes, writer: Writer) -> None:
    writer.write(OK)


class Fake:
    """Hears whole requests without a body, or with one of announced length, and has each handled."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[bytes] = []
        self.connections = 0
        self.health = OK
        self._writers: set[Writer] = set()

    async def serve(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"GET /health"):
                    writer.write(self.health)
                    continue
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.startswith(b"content-length")
                    ),
                    0,
                )
                body = await reader.readexactly(length)
                self.requests.append(head + body)
                await self.handler(self, head + body, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def drop_all(self) -> None:
        """Close every connection, as a server that is restarted does."""
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def running(handler: Handler = answer_ok) -> AsyncIterator[tuple[Fake, Address]]:
    fake = Fake(handler)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield fake, Address(f"127.0.0.1:{port}", "127.0.0.1", port)
    finally:
        server.close()
        fake.drop_all()
        await asyncio.sleep(0)
