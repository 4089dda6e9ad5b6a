"""A worker's link to the host of one version: holds it, asks it, and has it started again when it ends.

A crash fails the requests that the process was answering, and no others: those that come while the next one
starts wait for it. A version that crashes again and again is started ever more seldom.
"""

import asyncio
import logging
import threading
import time
import weakref
from math import ceil
from pathlib import Path

from serving.hosting.hold import Hold
from serving.hosting.spec import HostSpec
from serving.hosting.start import Starter
from serving.protocol.errors import RequestError
from serving.scorers.forwarding import RETRY_AFTER
from serving.scorers.refusal import LoadError
from serving.upstream.address import Address, request_head
from serving.upstream.connection import Answer
from serving.upstream.errors import Lost, NotSent, UpstreamError
from serving.upstream.pool import Pool, PoolLimits

_logger = logging.getLogger(__name__)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
STEADY_S = 30.0
"""A host that has lived so long counts as sound: its next end is the first again."""

LOOK_EVERY_S = 0.02
NOTICE_S = 0.05
IDLE_S = 60.0
TRIES = 3


class Link:
    """One worker's link. `open` is for threads, `ask` for the event loop.

    Args:
        spec: The host.
        starter: Starts it.
    """

    def __init__(self, spec: HostSpec, starter: Starter) -> None:
        self._spec, self._starter = spec, starter
        address = Address(spec.called, socket=Path(spec.socket))
        self._address, self._pool = address, Pool(address, PoolLimits(spec.limits.in_flight, 1.0, IDLE_S))
        self._hold: Hold | None = None
        self._held: list[Hold] = []
        self._is_closed, self._ends = False, 0
        self._up_since = self._retry_at = 0.0
        self._problem = ""
        self._suspicion: asyncio.Task[None] | None = None
        weakref.finalize(self, _let_go, self._held)

    def open(self) -> None:
        """Hold the host, which is started if it does not run, and keep it running from now on.

        Raises:
            LoadError: It cannot be started, or the version cannot be loaded there.
        """
        hold = self._attach()
        threading.Thread(target=_keep, args=(weakref.ref(self), hold), name="host", daemon=True).start()

    async def ask(self, line: bytes, head: bytes, body: bytes, left_s: float) -> Answer:
        """Send a request to the host.

        Args:
            line: Method and path, parted by one space.
            head: Further header lines, each with its line's end.
            body: The body.
            left_s: Seconds until the answer is late.

        Raises:
            RequestError: 503; the host has ended while it answered, or is not up again.
            NotSent: The host did not take the request.
            TimeoutError: It is late.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + left_s
        whole = request_head(self._address, line, head)
        for _ in range(TRIES - 1):
            await self._wait_until_up(deadline)
            try:
                return await self._exchange(whole, body, deadline - clock())
            except NotSent:
                await asyncio.sleep(NOTICE_S)
        await self._wait_until_up(deadline)
        return await self._exchange(whole, body, deadline - clock())

    @property
    def size_bytes(self) -> int:
        """The host's memory; 0 where that is not known."""
        hold = self._hold
        return (hold.private_bytes or 0) if hold is not None else 0

    def close(self) -> None:
        """Let the host go; it ends when nobody else holds it."""
        self._is_closed = True
        _let_go(self._held)
        self._pool.close_soon()

    def reopen(self) -> Hold | float | None:
        """Try to hold the host again after its end; for the thread that keeps it.

        Returns:
            The new hold, or the seconds to wait before the next try; None when the link is closed.
        """
        if self._is_closed:
            return None
        now = time.monotonic()
        if self._hold is not None:
            self._hold = None
            self._ends = 1 if now - self._up_since > STEADY_S else self._ends + 1
            self._retry_at = now + (_wait_s(self._ends - 2) if self._ends > 1 else 0.0)
        if now < self._retry_at:
            return self._retry_at - now
        try:
            return self._attach()
        except LoadError as error:
            self._ends += 1
            self._problem = str(error)
            wait_s = _wait_s(self._ends - 1)
            self._retry_at = time.monotonic() + wait_s
            _logger.warning("%s cannot be started again: %s", self._spec.called, error)
            return wait_s

    def _attach(self) -> Hold:
        hold = self._starter.attach(self._spec)
        self._held[:] = [hold]
        if self._is_closed:
            hold.close()
        self._up_since, self._problem = time.monotonic(), ""
        self._hold = hold
        return hold

    async def _exchange(self, whole: bytes, body: bytes, left_s: float) -> Answer:
        try:
            return await self._pool.exchange(whole, body, left_s)
        except Lost as error:
            sentence = "the model's process ended while it answered; the next request goes to a new one"
            raise RequestError(503, sentence, headers=RETRY_AFTER) from error
        except TimeoutError:
            # A host tells by itself that its model is late. This one does not even do that.
            if self._suspicion is None or self._suspicion.done():
                self._suspicion = asyncio.get_running_loop().create_task(self._check())
            raise

    async def _wait_until_up(self, deadline: float) -> None:
        clock = asyncio.get_running_loop().time
        while self._hold is None:
            left_s = self._retry_at - time.monotonic()
            if left_s > LOOK_EVERY_S or clock() + 2 * LOOK_EVERY_S > deadline:
                raise self._down(left_s)
            await asyncio.sleep(LOOK_EVERY_S)

    def _down(self, left_s: float) -> RequestError:
        why = f" ({self._problem})" if self._problem else ""
        again = max(1, ceil(left_s))
        sentence = f"the model's process has ended and is started again{why}; try again in {again} s"
        return RequestError(503, sentence, headers=((b"retry-after", b"%d" % again),))

    async def _check(self) -> None:
        """End a host that does not even say that it is well: it is stopped, or its code has it stuck."""
        hold = self._hold
        head = request_head(self._address, b"GET /health", b"")
        try:
            await self._pool.exchange(head, b"", self._spec.limits.time_s)
        except TimeoutError:
            _logger.warning("%s answers nothing and is ended", self._spec.called)
            if hold is not None:
                hold.kill()
        except UpstreamError:
            return


def _keep(link: "weakref.ref[Link]", hold: Hold) -> None:
    """Wait for the host's end and have it started again, for as long as somebody has the link."""
    while True:
        hold.wait_for_end()
        while True:
            kept = link()
            if kept is None:
                return
            found = kept.reopen()
            del kept
            if found is None:
                return
            if isinstance(found, Hold):
                hold = found
                break
            time.sleep(min(found, 1.0))


def _wait_s(ends: int) -> float:
    return min(FIRST_WAIT_S * 2.0 ** min(ends, 10), LONGEST_WAIT_S)


def _let_go(held: list[Hold]) -> None:
    for hold in held:
        hold.close()
