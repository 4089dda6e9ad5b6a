"""What the gateway asks of whatever answers for a version."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Protocol

import orjson

from serving.protocol.media import Media

Kind = Literal["plan", "pyfunc", "upstream"]
Headers = tuple[tuple[bytes, bytes], ...]

JSON_HEADERS: Headers = ((b"content-type", b"application/json"),)


@dataclass(frozen=True, slots=True)
class Wants:
    """What an answer holds beside the predictions, and the parameters that are meant for the model itself."""

    probabilities: bool = False
    explanation: bool = False
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that a protocol has read by itself, before the model's signature is enforced.

    Attributes:
        columns: The columns' names; empty where the protocol gave none.
        rows: The rows as lists of numbers, texts, booleans and nulls; of nested lists where the model takes
            arrays.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer and what the prediction log keeps of it: one row and one prediction each.

    Attributes:
        rows: As lists; or, of an answer from another process, as the JSON text that it sent for the log.
        predictions: The same.
        probabilities: The same.
        headers: What says how the body is to be read.
        sent_rows: How many rows another process has answered; None where `rows` are lists.
    """

    body: bytes
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]] | orjson.Fragment
    predictions: Sequence[object] | orjson.Fragment
    probabilities: Sequence[Sequence[float]] | orjson.Fragment | None
    headers: Headers = JSON_HEADERS
    sent_rows: int | None = None

    @property
    def count(self) -> int:
        """How many rows are answered."""
        return self.sent_rows if self.sent_rows is not None else len(self.rows)


def opened(part: Sequence[Any] | orjson.Fragment | None) -> Any:
    """A part of an answer as lists, also where another process has sent it as text."""
    return orjson.loads(orjson.dumps(part)) if isinstance(part, orjson.Fragment) else part


Job = Callable[[], Scored]
"""Work for a thread; raises RequestError when the request cannot be answered."""


Rows = Sequence[Sequence[object]]


class Shared(Protocol):
    """What answers the rows of several requests in one call, for a version whose rows are independent.

    Attributes:
        most_rows: How many rows one call takes at most.
    """

    most_rows: int

    def answer(self, requests: Sequence[Rows]) -> Sequence[Scored]:
        """Answer several requests, each by its own rows.

        Raises:
            Exception: Whatever the model's code raises; then each is to be answered alone.
        """
        ...


@dataclass(frozen=True, slots=True)
class Shareable:
    """A job that may be done together with others of the same scorer; called, it is done alone.

    Attributes:
        alone: The job.
        rows: What it answers, in the model's columns.
        shared: What answers several at once.
    """

    alone: Job
    rows: Rows
    shared: Shared

    def __call__(self) -> Scored:
        """Answer it alone."""
        return self.alone()


@dataclass(frozen=True, slots=True)
class Remote:
    """Work of another process, which the event loop awaits.

    Attributes:
        answer: Given the seconds that are left, asks for the answer; raises RequestError when there is none,
            and TimeoutError when it is late.
    """

    answer: Callable[[float], Awaitable[Scored]]


LONG_BYTES = 32 * 1024
"""Answers beyond this length are not worked on by the event loop."""

Begun = Scored | Job | Remote
"""A request under way: answered already, or what is to be done for it, and where."""


def then(begun: Begun, finish: Callable[[Scored], Scored]) -> Begun:
    """The same work with a last step, such as writing the answer's body for another protocol."""
    if isinstance(begun, Scored):
        return finish(begun)
    if isinstance(begun, Remote):
        return Remote(partial(_finished, begun, finish))
    return partial(_done, begun, finish)


async def _finished(remote: Remote, finish: Callable[[Scored], Scored], left_s: float) -> Scored:
    scored = await remote.answer(left_s)
    return finish(scored) if len(scored.body) <= LONG_BYTES else await asyncio.to_thread(finish, scored)


def _done(job: Job, finish: Callable[[Scored], Scored]) -> Scored:
    return finish(job())


class Scorer(Protocol):
    """Answers requests for one version. Safe to call from several threads.

    Attributes:
        kind: Whether a scoring plan answers, the version's pyfunc, or a server that it is forwarded to.
        fallback: Why it is not a plan, in a word for a metric's label; empty for a plan.
        reason: The same as a sentence.
        columns: The inputs as pairs of name and type; empty if the version names none.
    """

    kind: Kind
    fallback: str
    reason: str
    columns: tuple[tuple[str, str], ...]

    def begin(self, body: bytes, media: Media) -> Begun:
        """Answer MLflow's protocol: at once if that takes about a millisecond at most, else by a job.

        Raises:
            RequestError: The request cannot be answered.
        """
        ...

    def begin_table(self, table: Table, wants: Wants) -> Begun:
        """Answer rows that another protocol has read; that protocol writes the body.

        Raises:
            RequestError: The request cannot be answered.
        """
        ...
