"""Passwords are asked of MLflow, which alone knows them; right ones are kept, wrong ones slow down."""

import os
import time
from collections.abc import Callable
from hashlib import blake2b
from math import ceil
from typing import Generic, TypeVar

from serving.callers.answers import Answers
from serving.callers.asking import Credentials, UsersAway
from serving.callers.throttle import Throttle

T = TypeVar("T")

HOLDS_S = 10.0
"""For how long a right password is not asked again."""

REFUSED_AFTER_S = 0.5
"""A refusal takes so long, whether there is such a user or not: MLflow itself answers sooner where there is
none. Its check of a password that is wrong takes 0.2 to 0.3 seconds."""


class WrongPassword(Exception):  # noqa: N818 - a finding, read as one
    """Nobody has this name and password."""


class TooOften(Exception):  # noqa: N818 - a finding, read as one
    """There were too many wrong passwords.

    Attributes:
        wait_s: After how many seconds the next one is looked at.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"there were too many wrong passwords; try again in {ceil(wait_s)} seconds")
        self.wait_s = wait_s


class Passwords(Generic[T]):
    """Tells whose a name and a password are; usable from several threads.

    Args:
        ask: Who it is, or None; raises UsersAway.
        refused: Is told the name and the address of each wrong one that was asked for.
        clock: A monotonic clock, in seconds.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        ask: Callable[[Credentials], T | None],
        *,
        refused: Callable[[str, str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ask, self._refused, self._clock, self._sleep = ask, refused, clock, sleep
        self._throttle = Throttle(clock)
        self._known: Answers[T] = Answers(HOLDS_S, clock)
        self._salt = os.urandom(32)

    def held(self, credentials: Credentials) -> T | None:
        """Who it is, if that was asked a moment ago."""
        return self._known.held(self._digest(credentials))

    def check(self, credentials: Credentials, address: str) -> T:
        """Who it is.

        Args:
            credentials: What they say.
            address: Where they are.

        Raises:
            WrongPassword: Nobody.
            TooOften: There were too many wrong ones of this name, or from this address.
            UsersAway: MLflow does not answer.
        """
        begun_s, digest = self._clock(), self._digest(credentials)
        found = self._known.get(
            digest,
            # Whoever was right renews that, and guesses nothing.
            lambda: self._ask(credentials) if self._known.last(digest) else self._tried(credentials, address),
        )
        if found is None:
            self._sleep(max(0.0, REFUSED_AFTER_S - (self._clock() - begun_s)))
            raise WrongPassword
        return found

    def forget(self, name: str) -> None:
        """Ask anew for a user, whose password has changed or who was removed."""
        self._known.forget(lambda one: isinstance(one, tuple) and one[0] == name)

    def _tried(self, credentials: Credentials, address: str) -> T | None:
        name = credentials.name
        if wait_s := self._throttle.begin(name, address):
            raise TooOften(wait_s)
        try:
            found = self._ask(credentials)
        except UsersAway:
            self._throttle.unjudged(name, address)
            raise
        if found is not None:
            self._throttle.succeeded(name, address)
        elif self._refused is not None:
            self._refused(name, address)
        return found

    def _digest(self, credentials: Credentials) -> tuple[str, bytes]:
        """What credentials are held by: a password itself stays in memory no longer than its request."""
        said = credentials.password.encode("utf-8", "replace")
        return credentials.name, blake2b(said, digest_size=32, key=self._salt).digest()
