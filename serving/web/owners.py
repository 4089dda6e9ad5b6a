"""A service key opens no more than its owner may: their grants, renewed behind requests' backs."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from serving.callers.asking import UsersAway
from serving.callers.grants import Grants
from serving.web.gate import away, forbidden

MOST_HELD = 4096
THREADS = 2


class Book(Protocol):
    """Who knows grants."""

    def of(self, user: str) -> Grants | None:
        """A user's, or None; raises UsersAway."""
        ...


@dataclass(frozen=True, slots=True)
class _Known:
    grants: Grants | None
    at_s: float


class Owners:
    """What the owners of keys may do. For one event loop.

    Args:
        book: Who knows it; asked in threads.
        ttl_s: For how long an answer holds; one that nobody used for twice that time is asked for anew.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, book: Book, ttl_s: float, clock: Callable[[], float]) -> None:
        self._book, self._ttl_s, self._clock = book, ttl_s, clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Grants | None]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="owners")

    async def grants(self, owner: str) -> Grants:
        """What an owner may do.

        Raises:
            RequestError: 403, they are no user; or 503 where MLflow does not answer.
        """
        grants = await self._grants(owner)
        if grants is None:
            raise forbidden("this key's owner is no user of MLflow any more")
        return grants

    def held(self, owner: str) -> Grants | None:
        """What an owner, who was asked for a moment ago, may do."""
        known = self._known.get(owner)
        return known.grants if known else None

    async def _grants(self, owner: str) -> Grants | None:
        known = self._known.get(owner)
        age_s = self._clock() - known.at_s if known else float("inf")
        if known is not None and age_s < 2 * self._ttl_s:
            if age_s >= self._ttl_s and owner not in self._asking:
                self._ask(owner)
            return known.grants
        try:
            return await asyncio.shield(self._asking.get(owner) or self._ask(owner))
        except UsersAway as error:
            raise away("MLflow cannot be asked who may call; try again in a moment") from error

    def _ask(self, owner: str) -> "asyncio.Task[Grants | None]":
        task = asyncio.create_task(self._learn(owner))
        self._asking[owner] = task
        task.add_done_callback(lambda done: self._learned(owner, done))
        return task

    async def _learn(self, owner: str) -> Grants | None:
        grants = await asyncio.get_running_loop().run_in_executor(self._threads, self._book.of, owner)
        self._known[owner] = _Known(grants, self._clock())
        self._known.move_to_end(owner)
        if len(self._known) > MOST_HELD:
            self._known.popitem(last=False)
        return grants

    def _learned(self, owner: str, task: "asyncio.Task[Grants | None]") -> None:
        self._asking.pop(owner, None)
        if not task.cancelled():
            task.exception()  # told to whoever waits; a renewal is tried again by the next request
