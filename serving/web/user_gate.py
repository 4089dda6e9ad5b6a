"""The gate of MLflow's users: basic-auth is asked once for each user and time, never on the event loop.

An answer holds for the time to live. Then it is renewed behind the next request's back, so that nobody waits;
one that nobody used for twice that time is asked for anew. While MLflow is away, what it said goes on for
some minutes.
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from serving.callers.answers import AWAY_S, GRACE_S, REFUSAL_S
from serving.callers.asking import UsersAway
from serving.callers.passwords import REFUSED_AFTER_S
from serving.callers.throttle import Throttle
from serving.callers.users import User, read_basic
from serving.keys.key import Action
from serving.protocol.errors import RequestError
from serving.registry.table import Table
from serving.web.gate import EVERY_MODEL, Headers, away, forbidden, limited, unauthenticated
from serving.web.names import unknown_model
from serving.web.permitted import may_do, may_see, usable

BASIC = b"basic "
MOST_HELD = 4096
MOST_ASKING = 64
THREADS = 4


class Users(Protocol):
    """Who knows the users."""

    def ask(self, credentials: bytes) -> User | None:
        """The user, or None; raises UsersAway."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What was said of some credentials, and when, by the loop's clock; no user means refused."""

    user: User | None
    at_s: float


class UserGate:
    """Lets in MLflow's users. For one event loop.

    Args:
        users: Who knows them.
        ttl_s: For how long an answer holds.
        clock: A monotonic clock, in seconds.
        sleep: Waits so many seconds.

    Attributes:
        problem: Why MLflow could not be asked at the last try; None if it could.
    """

    def __init__(
        self,
        users: Users,
        ttl_s: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.problem: str | None = None
        self._users, self._ttl_s, self._clock, self._sleep = users, ttl_s, clock, sleep
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[User | None]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="users")
        self._salt = os.urandom(32)
        self._throttle = Throttle(clock)
        self._requests: dict[str, int] = {}
        self._away_until_s = float("-inf")

    async def admit(
        self,
        headers: Headers,
        action: Action,
        name: str | None,
        table: Table,
        address: str = "",
    ) -> None:
        """Let a request in of a user who may do this with every model that the name can be answered by."""
        user = await self._user(_credentials(headers), address)
        if name == EVERY_MODEL:
            if not user.grants.is_admin:
                raise forbidden(f"user '{user.name}' may not see what tells of everybody's models")
        elif name is not None:
            route = table.get(name)
            if route is None or not may_see(user.grants, route):
                raise unknown_model(name, self.visible(headers, table))
            if not may_do(user.grants, action, route):
                sentence = f"user '{user.name}' may see this model, but not use it"
                raise forbidden(f"{sentence}; MLflow's permissions say who may")
        self._requests[user.name] = self._requests.get(user.name, 0) + 1

    def visible(self, headers: Headers, table: Table) -> Table:
        """The called names whose models the user may read."""
        user = self._held(headers)
        return {name: route for name, route in table.items() if user and may_see(user.grants, route)}

    def judged(self, headers: Headers, table: Table) -> frozenset[str] | None:
        """The registered models that the user may use; None for all there are."""
        user = self._held(headers)
        return usable(user.grants, table) if user else frozenset()

    def drain(self) -> Mapping[str, int]:
        """Requests let in since the last call, by user."""
        counted, self._requests = self._requests, {}
        return counted

    def _held(self, headers: Headers) -> User | None:
        known = self._known.get(self._digest(_credentials(headers)))
        return known.user if known else None

    async def _user(self, credentials: bytes, address: str) -> User:
        if not credentials:
            raise unauthenticated("send the name and password of an MLflow user by HTTP Basic", b"Basic")
        digest = self._digest(credentials)
        known = self._known.get(digest)
        age_s = self._clock() - known.at_s if known else float("inf")
        if known is None or age_s >= (2 * self._ttl_s if known.user else min(REFUSAL_S, self._ttl_s)):
            began_s = self._clock()
            user = await self._asked(digest, credentials, known, address)
            if user is None:
                await self._sleep(max(0.0, REFUSED_AFTER_S - (self._clock() - began_s)))
        else:
            user = known.user
            if user and age_s >= self._ttl_s:
                self._renew(digest, credentials)
        if user is None:
            raise unauthenticated("MLflow does not know this user and password", b"Basic")
        return user

    async def _asked(
        self, digest: bytes, credentials: bytes, known: Known | None, address: str
    ) -> User | None:
        try:
            if self._is_away():
                raise UsersAway
            asking = self._asking.get(digest)
            if asking is None and (known is None or known.user is None):
                return await self._tried(digest, credentials, address)
            return await asyncio.shield(asking or self._ask(digest, credentials))
        except UsersAway as error:
            if known and known.user and self._clock() - known.at_s < self._ttl_s + GRACE_S:
                return known.user
            raise away("MLflow cannot be asked who may call; try again in a moment") from error

    async def _tried(self, digest: bytes, credentials: bytes, address: str) -> User | None:
        """Ask for credentials that were not right before: whoever guesses is slowed down."""
        name, _ = read_basic(credentials)
        if wait_s := self._throttle.begin(name, address):
            raise limited("there were too many wrong passwords; try again later", wait_s)
        try:
            user = await asyncio.shield(self._ask(digest, credentials))
        except (UsersAway, RequestError):
            self._throttle.unjudged(name, address)
            raise
        if user is not None:
            self._throttle.succeeded(name, address)
        return user

    def _renew(self, digest: bytes, credentials: bytes) -> None:
        """Ask anew without anybody waiting; if that cannot be now, a later request tries again."""
        if digest not in self._asking and len(self._asking) < MOST_ASKING and not self._is_away():
            self._ask(digest, credentials)

    def _is_away(self) -> bool:
        return self._clock() < self._away_until_s

    def _ask(self, digest: bytes, credentials: bytes) -> asyncio.Task[User | None]:
        if len(self._asking) >= MOST_ASKING:
            raise limited("too many new users are being checked; try again in a moment", 1.0)
        task = asyncio.create_task(self._learn(digest, credentials))
        self._asking[digest] = task
        task.add_done_callback(lambda done: self._learned(digest, done))
        return task

    async def _learn(self, digest: bytes, credentials: bytes) -> User | None:
        loop = asyncio.get_running_loop()
        user = await loop.run_in_executor(self._threads, self._users.ask, credentials)
        self._known[digest] = Known(user, self._clock())
        self._known.move_to_end(digest)
        if len(self._known) > MOST_HELD:
            self._known.popitem(last=False)
        return user

    def _learned(self, digest: bytes, task: asyncio.Task[User | None]) -> None:
        self._asking.pop(digest, None)
        if task.cancelled():
            return
        error = task.exception()
        self.problem = f"MLflow cannot be asked who may call: {error}" if error else None
        if error:
            self._away_until_s = self._clock() + AWAY_S

    def _digest(self, credentials: bytes) -> bytes:
        """What credentials are held by: a password itself stays in memory no longer than its request."""
        return blake2b(credentials, digest_size=32, key=self._salt).digest()


def _credentials(headers: Headers) -> bytes:
    for name, value in headers:
        if name == b"authorization" and value[:6].lower() == BASIC:
            return value[6:].strip()
    return b""
