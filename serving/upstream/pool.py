"""The kept connections to one upstream: the newest idle one is used first, and their number is bounded."""

import asyncio
import ssl
import weakref
from dataclasses import dataclass

from serving.upstream.address import Address, reachable
from serving.upstream.connection import Answer, Connection
from serving.upstream.errors import NotSent

IDLE_S = 4.0
"""An idle connection is used again within this time; uvicorn, and so MLflow's server, closes after 5 s."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """What one pool takes.

    Attributes:
        connections: Requests, and so connections, at a time.
        connect_s: How long connecting may take.
        idle_s: How long an idle connection is trusted.
    """

    connections: int = 256
    connect_s: float = 1.0
    idle_s: float = IDLE_S


class Pool:
    """Exchanges requests for answers with one upstream. For one event loop.

    Args:
        address: Where it is.
        limits: What the pool takes.
        tls: Whom to trust, where the upstream speaks HTTPS on a TCP port.

    Attributes:
        in_flight: Requests that wait for an answer.
    """

    def __init__(
        self, address: Address, limits: PoolLimits | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.in_flight = 0
        self._address, self._limits, self._tls = address, limits or PoolLimits(), tls
        self._idle: list[Connection] = []
        # The event loop holds open connections; nobody else would close them when the pool is gone.
        weakref.finalize(self, _close_idle, self._idle).atexit = False

    async def exchange(self, head: bytes, body: bytes, left_s: float) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            NotSent: The request was surely not processed.
            Lost: The connection ended before the answer was whole.
            TimeoutError: There was no answer within `left_s` seconds.
        """
        if self.in_flight >= self._limits.connections:
            raise NotSent(f"all {self._limits.connections} connections to it are in use")
        self.in_flight += 1
        try:
            return await self._exchange(head, body, left_s)
        finally:
            self.in_flight -= 1

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def close_soon(self) -> None:
        """Close the idle connections; may be called from any thread."""
        _close_idle(self._idle)

    async def _exchange(self, head: bytes, body: bytes, left_s: float) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + left_s
        kept = self._kept(loop.time())
        if kept is not None:
            try:
                return await self._over(kept, head, body, left_s)
            except NotSent:
                # It was closed while it lay idle. The others are as old, or older.
                self.close()
        fresh = await self._connect(loop, min(self._limits.connect_s, deadline - loop.time()))
        return await self._over(fresh, head, body, deadline - loop.time())

    async def _over(self, connection: Connection, head: bytes, body: bytes, left_s: float) -> Answer:
        answer = await connection.exchange(head, body, left_s)
        if connection.is_open:
            self._idle.append(connection)
        return answer

    def _kept(self, now: float) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_open:
                continue
            if now - connection.idle_since <= self._limits.idle_s:
                return connection
            connection.close()
            self.close()
        return None

    async def _connect(self, loop: asyncio.AbstractEventLoop, within_s: float) -> Connection:
        address = self._address
        try:
            async with asyncio.timeout(within_s):
                if address.socket is not None:
                    path = reachable(address.socket)
                    _, made = await loop.create_unix_connection(lambda: Connection(loop), path)
                else:
                    _, made = await loop.create_connection(
                        lambda: Connection(loop), address.host, address.port, ssl=self._tls
                    )
        except TimeoutError as error:
            raise NotSent(f"it took no connection within {within_s:g} s") from error
        except OSError as error:
            raise NotSent(f"it takes no connection ({error.strerror or error})") from error
        return made


def _close_idle(idle: list[Connection]) -> None:
    """Close from whatever thread drops the pool."""
    for connection in tuple(idle):
        connection.close_soon()
