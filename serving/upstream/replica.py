"""One of an upstream's servers: its connections, its circuit, and what its health checks found."""

import asyncio

from serving.upstream.address import Address
from serving.upstream.breaker import Breaker
from serving.upstream.connection import Answer
from serving.upstream.errors import UpstreamError
from serving.upstream.pool import Pool

CHECK_S = 1.0
"""How long a health check may take."""

SICK_AFTER = 2
"""Failed checks in a row after which a replica is asked no more."""


class Replica:
    """One server. For one event loop.

    Attributes:
        address: Where it listens.
        breaker: Its circuit.
        is_healthy: What its health checks say; before the first, what it was made with.
    """

    def __init__(
        self,
        address: Address,
        pool: Pool | None = None,
        breaker: Breaker | None = None,
        *,
        is_healthy: bool = True,
    ) -> None:
        self.address, self.is_healthy = address, is_healthy
        self.breaker = breaker or Breaker()
        self._pool = pool or Pool(address)
        self._failed_checks = 0

    @property
    def in_flight(self) -> int:
        """Requests that wait for its answer."""
        return self._pool.in_flight

    def is_available(self, now: float) -> bool:
        """Whether it may be asked now."""
        return self.is_healthy and self.breaker.allows(now)

    async def ask(self, head: bytes, body: bytes, left_s: float) -> Answer:
        """Send a request; every whole answer is a success of the circuit, whatever its status.

        A status tells of the request or of the model: a caller's bad bodies must not open the circuit.

        Raises:
            UpstreamError: There was no answer.
            TimeoutError: It is late.
        """
        self.breaker.begins()
        try:
            answer = await self._pool.exchange(head, body, left_s)
        except (UpstreamError, TimeoutError):
            self.breaker.failed(asyncio.get_running_loop().time())
            raise
        except BaseException:
            self.breaker.abandoned()
            raise
        self.breaker.succeeded()
        return answer

    async def check(self, head: bytes) -> None:
        """Ask for its health."""
        try:
            answer = await self._pool.exchange(head, b"", CHECK_S)
            is_good = answer.status == 200
        except (UpstreamError, TimeoutError):
            is_good = False
        self._failed_checks = 0 if is_good else self._failed_checks + 1
        self.is_healthy = is_good or (self.is_healthy and self._failed_checks < SICK_AFTER)

    def close(self) -> None:
        """Close its idle connections."""
        self._pool.close()
