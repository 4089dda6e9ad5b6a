"""An upstream of several replicas: the less busy of two is asked, and another only where that is safe.

Where a directory lists them, they come and go: who is listed no more gets no new request and answers those it
has; a newcomer is welcomed, and gets its first request when its health check has succeeded.
"""

import asyncio
import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from random import sample

from serving.upstream.address import Address, request_head
from serving.upstream.connection import Answer
from serving.upstream.directory import Directory, DirectoryError
from serving.upstream.errors import NotSent
from serving.upstream.replica import Replica

_logger = logging.getLogger(__name__)

MOST_TRIES = 3
CHECK_EVERY_S = 1.0
LOOK_EVERY_S = 1.0
MOST_WELCOMES = 8
BUSY = 503

Retried = Callable[[str], None]
"""Is told the name of a replica that a request is taken elsewhere from."""


Welcome = Callable[[Address], None]
"""Makes a new server ready before its first request; called in a thread."""


def quiet(_name: str) -> None:
    """Count no retry."""


def unprepared(_address: Address) -> None:
    """Make nothing ready."""


class Upstream:
    """Servers that answer alike. For one event loop.

    Args:
        addresses: Where they listen; at least one, unless a directory lists them.
        health: The path of their health check.
        retried: Counts retries.
        directory: Lists them from now on.

    Attributes:
        replicas: The servers that are asked.
        welcome: Is called with each newcomer.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        *,
        health: str = "/health",
        retried: Retried = quiet,
        directory: Directory | None = None,
    ) -> None:
        self.replicas = tuple(Replica(address) for address in addresses)
        self.welcome: Welcome = unprepared
        self._health, self._retried, self._directory = health, retried, directory
        self._tasks: list[asyncio.Task[None]] = []
        self._refreshing, self._complaint = threading.Lock(), ""

    @property
    def name(self) -> str:
        """All addresses in one text, or the directory that lists them."""
        if self._directory is not None:
            return self._directory.name
        return ", ".join(replica.address.name for replica in self.replicas)

    def refresh(self) -> None:
        """Take on the servers that the directory lists, and let go of the others. Blocks; for any thread."""
        if self._directory is None:
            return
        with self._refreshing:
            try:
                self._take(self._directory.look())
            except DirectoryError as error:
                if str(error) != self._complaint:
                    self._complaint = str(error)
                    _logger.warning("%s; the servers that are known stay", error)

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
        loop = asyncio.get_running_loop()
        if not self._tasks:
            self._begin(loop)
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
        replicas = self.replicas
        before = [replica.is_healthy for replica in replicas]
        line = b"GET " + self._health.encode()
        await asyncio.gather(
            *(replica.check(request_head(replica.address, line, b"")) for replica in replicas)
        )
        for replica, was_healthy in zip(replicas, before, strict=True):
            if replica.is_healthy != was_healthy:
                state = "is asked again" if replica.is_healthy else "does not answer and is left out"
                _logger.warning("upstream %s %s", replica.address.name, state)

    def close(self) -> None:
        """End the health checks and lookups, and close idle connections."""
        for task in self._tasks:
            task.cancel()
        for replica in self.replicas:
            replica.close()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Check, and look up, from now on; in a context of its own, which belongs to no request."""
        held = weakref.ref(self)
        self._tasks = [loop.create_task(_check_for_ever(held), context=Context())]
        if self._directory is not None:
            self._tasks.append(loop.create_task(_look_for_ever(held), context=Context()))

    def _take(self, listed: Sequence[Address]) -> None:
        self._complaint = ""
        known = {replica.address for replica in self.replicas}
        newcomers = [address for address in listed if address not in known]
        staying = tuple(replica for replica in self.replicas if replica.address in listed)
        for address in known.difference(listed):
            _logger.info("upstream %s is listed no more", address.name)
        if staying:
            self.replicas = staying
        if not newcomers:
            return
        with ThreadPoolExecutor(min(len(newcomers), MOST_WELCOMES)) as pool:
            tuple(pool.map(self.welcome, newcomers))
        # The first ones are trusted as a fixed list is; later ones show first that they answer.
        made = tuple(Replica(address, is_healthy=not staying) for address in newcomers)
        self.replicas = (*staying, *made)
        _logger.info("upstream %s is asked too", ", ".join(address.name for address in newcomers))

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


async def _look_for_ever(held: "weakref.ref[Upstream]") -> None:
    """Look the servers up while somebody holds the upstream."""
    while (upstream := held()) is not None:
        try:
            await asyncio.to_thread(upstream.refresh)
        except Exception:  # the loop's edge: the next lookup starts anew
            _logger.exception("the servers of %s could not be taken on", upstream.name)
        del upstream
        await asyncio.sleep(LOOK_EVERY_S)
