"""An upstream of several replicas: the less busy of two is asked, and another only where that is safe."""

import asyncio
import logging
import weakref
from collections.abc import Callable, Sequence
from contextvars import Context
from random import sample

from serving.upstream.address import Address, request_head
from serving.upstream.connection import Answer
from serving.upstream.errors import NotSent
from serving.upstream.replica import Replica

_logger = logging.getLogger(__name__)

MOST_TRIES = 3
CHECK_EVERY_S = 1.0
BUSY = 503

Retried = Callable[[str], None]
"""Is told the name of a replica that a request is taken elsewhere from."""


def quiet(_name: str) -> None:
    """Count no retry."""


class Upstream:
    """Servers that answer alike. For one event loop.

    Args:
        addresses: Where they listen; at least one.
        health: The path of their health check.
        retried: Counts retries.
    """

    def __init__(
        self, addresses: Sequence[Address], *, health: str = "/health", retried: Retried = quiet
    ) -> None:
        self.replicas = tuple(Replica(address) for address in addresses)
        self._health, self._retried = health, retried
        self._checks: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """All addresses in one text."""
        return ", ".join(replica.address.name for replica in self.replicas)

    async def ask(self, line: bytes, head: bytes, body: bytes, left_s: float) -> Answer:
        """Send a request to one replica, and to another if the first surely did not process it.

        Args:
            line: The method and, after one space, the path.
            head: Further header lines, each with its line's end.
            body: The body.
            left_s: Seconds until the answer is late.

        Raises:
            NotSent: No replica took the request.
            Lost: A replica ended the connection; it may have processed the request.
            TimeoutError: A replica was late.
        """
        if self._checks is None:
            # In a context of its own: the checks belong to no request.
            self._checks = asyncio.get_running_loop().create_task(
                _check_for_ever(weakref.ref(self)), context=Context()
            )
        loop = asyncio.get_running_loop()
        deadline, tried, busy = loop.time() + left_s, set[Replica](), None
        problem = "none of its replicas is healthy"
        while len(tried) < MOST_TRIES:
            now = loop.time()
            replica = self._choose(now, tried)
            if replica is None:
                break
            if tried:
                self._retried(replica.address.name)
            tried.add(replica)
            try:
                answer = await replica.ask(request_head(replica.address, line, head), body, deadline - now)
            except NotSent as error:
                problem = str(error)
                continue
            if answer.status != BUSY:
                return answer
            busy = answer
        if busy is not None:
            return busy
        raise NotSent(problem)

    async def check(self) -> None:
        """Check every replica's health once."""
        before = [replica.is_healthy for replica in self.replicas]
        line = b"GET " + self._health.encode()
        await asyncio.gather(
            *(replica.check(request_head(replica.address, line, b"")) for replica in self.replicas)
        )
        for replica, was_healthy in zip(self.replicas, before, strict=True):
            if replica.is_healthy != was_healthy:
                state = "is asked again" if replica.is_healthy else "does not answer and is left out"
                _logger.warning("upstream %s %s", replica.address.name, state)

    def close(self) -> None:
        """End the health checks and close idle connections."""
        if self._checks is not None:
            self._checks.cancel()
        for replica in self.replicas:
            replica.close()

    def _choose(self, now: float, tried: set[Replica]) -> Replica | None:
        free = [replica for replica in self.replicas if replica not in tried and replica.is_available(now)]
        if len(free) > 1:
            free = sample(free, 2)
        return min(free, key=lambda replica: replica.in_flight, default=None)


async def _check_for_ever(held: "weakref.ref[Upstream]") -> None:
    """Check while somebody holds the upstream."""
    while (upstream := held()) is not None:
        try:
            await upstream.check()
        except Exception:  # the loop's edge: the next check starts anew
            _logger.exception("the health of %s could not be checked", upstream.name)
        del upstream
        await asyncio.sleep(CHECK_EVERY_S)
