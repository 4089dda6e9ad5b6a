"""HTTP with kept connections, time limits and safe repetition; usable from several threads.

A request is sent again only if it was surely not answered (nobody listened, the connection ended before a
byte came, or the server said 429 or 503), or if doing it twice is the same as once. All tries end by one
deadline.
"""

import json
import math
import random
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from penstock.client.errors import Refused, TooLate, Unreachable

BUSY = (429, 503)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
ENDED = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


@dataclass(frozen=True)
class Reply:
    """An answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's JSON.

        Raises:
            Refused: It is none.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refused(
                f"the server answered {self.status} with what is no JSON; is this the right address?",
                self.status,
            ) from error


@dataclass(frozen=True)
class Access:
    """Who calls: an API key, or a name and a password; neither where the server asks for none."""

    api_key: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        if self.api_key:
            return {"X-API-Key": self.api_key}
        if self.username:
            pair = f"{self.username}:{self.password}".encode()
            return {"Authorization": f"Basic {b64encode(pair).decode()}"}
        return {}


@dataclass(frozen=True)
class Patience:
    """How long a call may take, in seconds.

    Attributes:
        connect_s: Until the server takes the connection.
        timeout_s: Until one try is answered.
        deadline_s: Of all tries and the pauses between them.
        tries: The most.
    """

    connect_s: float = 3.0
    timeout_s: float = 30.0
    deadline_s: float = 60.0
    tries: int = 5


@dataclass(frozen=True)
class Transport:
    """One server.

    Attributes:
        url: Its address, with a path before all others if need be.
        access: Who calls.
        patience: How long a call may take.
        connections: Kept at once.
        clock: Seconds, monotonic.
        sleep: Waits.
        draw: A number from 0 to 1, so that callers who were refused together do not come again together.
    """

    url: str
    access: Access = field(default_factory=Access)
    patience: Patience = field(default_factory=Patience)
    connections: int = 8
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"an address must be like http://127.0.0.1:8000, not {self.url!r}")

    @cached_property
    def pool(self) -> urllib3.PoolManager:
        """The connections."""
        return urllib3.PoolManager(num_pools=4, maxsize=self.connections, block=True, retries=False)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        is_idempotent: bool | None = None,
    ) -> Reply:
        """Call the server, again where that is safe.

        Args:
            method: Such as `POST`.
            path: With its query.
            body: Data that becomes JSON; or what gives the bytes of one try, part by part, whose type and
                length the headers say.
            headers: Beside those of who calls.
            is_idempotent: Whether doing it twice is the same as once; by default of `GET`, `PUT`, `DELETE`.

        Raises:
            Refused: With the server's sentence.
            TooLate: No answer came in time.
            Unreachable: Nobody answered.
        """
        may_repeat = method in ("GET", "HEAD", "PUT", "DELETE") if is_idempotent is None else is_idempotent
        ends = self.clock() + self.patience.deadline_s
        for number in range(1, self.patience.tries + 1):
            is_last = number == self.patience.tries
            reply, failure = self._try(method, path, body, headers, ends)
            if reply is not None and reply.status not in BUSY:
                break
            can_repeat = reply is not None or may_repeat or _was_not_answered(failure)
            pause = self._pause(number, reply)
            if is_last or not can_repeat or self.clock() + pause >= ends:
                break
            self.sleep(pause)
        if reply is None:
            raise self._told(failure) from failure
        if reply.status >= 400:
            raise _refusal(reply, method, path)
        return reply

    def close(self) -> None:
        """End the connections."""
        self.pool.clear()

    def _try(
        self, method: str, path: str, body: Any, headers: Mapping[str, str] | None, ends: float
    ) -> tuple[Reply | None, Exception | None]:
        left = max(0.05, ends - self.clock())
        patience = self.patience
        timeout = urllib3.Timeout(connect=min(patience.connect_s, left), read=min(patience.timeout_s, left))
        sent = {**self.access.headers, **(headers or {})}
        if body is not None and not callable(body):
            sent = {"Content-Type": "application/json", **sent}
        try:
            content = body() if callable(body) else None if body is None else encoded(body)
            answer = self.pool.request(
                method, self.url.rstrip("/") + path, body=content, headers=sent, timeout=timeout,
                redirect=False,
            )  # fmt: skip
        except (HTTPError, OSError) as error:
            return None, error
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status, found, answer.data), None

    def _pause(self, number: int, reply: Reply | None) -> float:
        wished = reply.headers.get("retry-after", "") if reply is not None else ""
        if wished.isdigit():
            return float(wished)
        most = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (number - 1))
        return most * (0.5 + 0.5 * self.draw())

    def _told(self, failure: Exception | None) -> Unreachable | TooLate:
        if isinstance(failure, ReadTimeoutError):
            return TooLate(
                f"{self.url} did not answer within {self.patience.timeout_s:g} s; it may have done the work"
                " all the same"
            )
        return Unreachable(f"{self.url} cannot be reached; is it running there? ({_why(failure)})")


def encoded(body: Any) -> bytes:
    """Write data as JSON; numbers of numpy are numbers, what is not finite is null, dates are ISO texts."""
    return json.dumps(_plain(body), ensure_ascii=False, allow_nan=False, default=str).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "isoformat"):
        return None if value != value else value.isoformat()  # noqa: PLR0124 - a missing date is not itself
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if type(value).__name__ == "NAType" or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def _was_not_answered(failure: Exception | None) -> bool:
    """Whether nobody can have answered: no connection, or one that ended before a byte came."""
    if isinstance(failure, NewConnectionError | ConnectTimeoutError):
        return True
    if not isinstance(failure, ProtocolError) or len(failure.args) < 2:
        return False
    cause = failure.args[1]
    return type(cause).__name__ == "RemoteDisconnected" or (
        failure.args[0] == "Connection aborted." and isinstance(cause, ENDED)
    )


def _refusal(reply: Reply, method: str, path: str) -> Refused:
    try:
        answer = json.loads(reply.body)
    except ValueError:
        answer = None
    found = answer if isinstance(answer, dict) else {}
    inner = found.get("error")
    told = inner if isinstance(inner, dict) else found
    sentence = str(told.get("message") or f"{method} {path.partition('?')[0]} was answered {reply.status}")
    code = str(told.get("code") or told.get("error_code") or "")
    return Refused(sentence, reply.status, code, answer)


def _why(failure: Exception | None) -> str:
    cause = getattr(failure, "reason", None) or failure
    return type(cause).__name__
