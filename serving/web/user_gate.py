"""The gate of MLflow's users: basic-auth is asked once for each user and time, never on the event loop.

An answer holds for the time to live. Then it is renewed behind the next request's back, so that nobody waits;
one that nobody used for twice that time is asked for anew. While MLflow is away, what it said goes on.
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from serving.keys.key import Action
from serving.registry.table import ActiveRoute, Table
from serving.registry.users import User, UsersAway
from serving.web.gate import EVERY_MODEL, Headers, away, forbidden, limited, unauthenticated

BASIC = b"basic "
REFUSAL_S = 5.0
"""For how long a refused password is refused without asking."""

AWAY_S = 2.0
"""For how long MLflow is not asked again after it did not answer."""

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

    Attributes:
        problem: Why MLflow could not be asked at the last try; None if it could.
    """

    def __init__(self, users: Users, ttl_s: float, clock: Callable[[], float]) -> None:
        self.problem: str | None = None
        self._users, self._ttl_s, self._clock = users, ttl_s, clock
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[User | None]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="users")
        self._salt = os.urandom(32)
        self._requests: dict[str, int] = {}
        self._away_until_s = float("-inf")

    async def admit(
        self,
        headers: Headers,
        action: Action,  # noqa: ARG002 - who may read a model may have it predict
        name: str | None,
        table: Table,
    ) -> None:
        """Let a request in of a user who may read every model that the name can be answered by."""
        user = await self._user(_credentials(headers))
        if name is not None and name != EVERY_MODEL and not _is_readable(table.get(name), user):
            raise forbidden(f"user '{user.name}' may not read this model; MLflow's permissions say who may")
        self._requests[user.name] = self._requests.get(user.name, 0) + 1

    def visible(self, headers: Headers, table: Table) -> Table:
        """The called names whose models the user may read."""
        known = self._known.get(self._digest(_credentials(headers)))
        user = known.user if known else None
        return {name: route for name, route in table.items() if user and _is_readable(route, user)}

    def drain(self) -> Mapping[str, int]:
        """Requests let in since the last call, by user."""
        counted, self._requests = self._requests, {}
        return counted

    async def _user(self, credentials: bytes) -> User:
        if not credentials:
            raise unauthenticated("send the name and password of an MLflow user by HTTP Basic", b"Basic")
        digest = self._digest(credentials)
        known = self._known.get(digest)
        age_s = self._clock() - known.at_s if known else float("inf")
        if known is None or age_s >= (2 * self._ttl_s if known.user else min(REFUSAL_S, self._ttl_s)):
            user = await self._asked(digest, credentials, known)
        else:
            user = known.user
            if user and age_s >= self._ttl_s:
                self._renew(digest, credentials)
        if user is None:
            raise unauthenticated("MLflow does not know this user and password", b"Basic")
        return user

    async def _asked(self, digest: bytes, credentials: bytes, known: Known | None) -> User | None:
        try:
            if self._is_away():
                raise UsersAway
            return await asyncio.shield(self._asking.get(digest) or self._ask(digest, credentials))
        except UsersAway as error:
            if known and known.user:
                return known.user
            raise away("MLflow cannot be asked who may call; try again in a moment") from error

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


def _is_readable(route: ActiveRoute | None, user: User) -> bool:
    # A name that nobody has is no secret of anybody's: it is answered as everywhere, with 404.
    if route is None:
        return True
    models = {route.state.model, *(variant.model for variant in route.state.variants)}
    return models <= user.readable


def _credentials(headers: Headers) -> bytes:
    for name, value in headers:
        if name == b"authorization" and value[:6].lower() == BASIC:
            return value[6:].strip()
    return b""
