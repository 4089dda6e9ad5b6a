"""The hot path: one request from its bytes to its answer.

    admit -> route -> read -> score -> log -> answer -> shadows

Everything before `score` is the event loop's; what takes longer than about a millisecond is scored in a
thread. The answer leaves only when its record is on the log.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import random

from serving.crew import Crew
from serving.prediction_log.group_commit import GroupCommit
from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.protocol.errors import RequestError
from serving.protocol.media import Media, media_of
from serving.registry.table import ActiveRoute, Lane, Table
from serving.scorers.scorer import Job, Scored
from serving.web.asgi import JSON, ClientLeft, Receive, Scope, Send, check_length, read_body, respond
from serving.web.names import unknown_model
from serving.web.shadows import Shadows
from serving.web.tally import Tally

_logger = logging.getLogger(__name__)

REQUEST_ID_CHARS = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker takes on."""

    in_flight: int
    body_bytes: int
    time_s: float

    @property
    def pyfuncs(self) -> int:
        """How many of them may be with a pyfunc: the rest is kept for plans, which answer quickly."""
        return max(1, self.in_flight * 3 // 4)


class Busy(Exception):  # noqa: N818 - a state, answered with 429
    """This worker has taken on all that it may."""


@dataclass(frozen=True, slots=True)
class Crews:
    """The threads of one worker: a foreign model's code, which may hang, has its own."""

    plan: Crew
    pyfunc: Crew


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request's headers say."""

    media_header: bytes | None
    user_key: bytes | None
    request_id: str | None
    length: int


class Invocations:
    """Answers `POST /models/{name}/invocations`. For one event loop.

    Args:
        limits: What one worker takes on.
        commit: The prediction log.
        crews: Where long work is done, by the kind of scorer.
        shadows: Scores copies of the traffic after the answer.
        tally: Counts what happens.
    """

    def __init__(
        self, limits: Limits, commit: GroupCommit, crews: Crews, shadows: Shadows, tally: Tally
    ) -> None:
        self.in_flight = self._pyfuncs = 0
        self._limits, self._commit, self._crews = limits, commit, crews
        self._shadows, self._tally = shadows, tally

    async def answer(self, name: str, table: Table, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for a called name."""
        if self.in_flight >= self._limits.in_flight:
            await self._reject_busy(send)
            return
        self.in_flight += 1
        try:
            await self._admitted(name, table, scope, receive, send)
        except ClientLeft:
            self._tally.rejected("client_left")
        except Busy:
            await self._reject_busy(send)
        except RequestError as error:
            self._tally.rejected(_reason(error))
            await respond(send, error.status, error.body())
        finally:
            self.in_flight -= 1

    async def _admitted(self, name: str, table: Table, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        caller = _caller(scope["headers"])
        check_length(caller.length, self._limits.body_bytes)
        route, lane = _lane(name, table, caller.user_key)
        body = await self._read(receive)
        echo = ((b"x-request-id", caller.request_id.encode()),) if caller.request_id else ()
        meter = self._tally.meter(lane)
        try:
            media = media_of(caller.media_header)
            scoring = self._scored(lane, body, media, started)
            scored = await (self._bounded(scoring) if lane.scorer.kind == "pyfunc" else scoring)
        except RequestError as error:
            meter.answered(error.status, 0, time.perf_counter() - started)
            await respond(send, error.status, error.body(), (JSON, *lane.headers, *echo))
            return
        prediction_id = await self._log(lane, scored, caller, route, started)
        headers = (JSON, *lane.headers, (b"x-prediction-id", prediction_id.encode()), *echo)
        await respond(send, 200, scored.body, headers)
        meter.answered(200, len(scored.rows), time.perf_counter() - started)
        for shadow in route.shadows:
            self._shadows.offer(shadow, body, media, prediction_id, caller.request_id)

    async def _bounded(self, scoring: Coroutine[None, None, Scored]) -> Scored:
        if self._pyfuncs >= self._limits.pyfuncs:
            scoring.close()
            raise Busy
        self._pyfuncs += 1
        try:
            return await scoring
        finally:
            self._pyfuncs -= 1

    async def _read(self, receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(self._limits.time_s):
                return await read_body(receive, self._limits.body_bytes)
        except TimeoutError as error:
            raise RequestError(408, f"the body must arrive within {self._limits.time_s:g} s") from error

    async def _scored(self, lane: Lane, body: bytes, media: Media, started: float) -> Scored:
        try:
            begun = lane.scorer.begin(body, media)
            return begun if isinstance(begun, Scored) else await self._in_thread(lane, begun, started)
        except RequestError:
            raise
        except Exception as error:
            # A fault of ours or of the model's code: the caller gets a plain line, the log the traceback.
            _logger.exception("version %s of '%s' failed on a request", lane.held.version, lane.held.model)
            raise RequestError(500, "the model failed on this request; the gateway's log says how") from error

    async def _in_thread(self, lane: Lane, job: Job, started: float) -> Scored:
        left_s = self._limits.time_s - (time.perf_counter() - started)
        crew = self._crews.pyfunc if lane.scorer.kind == "pyfunc" else self._crews.plan
        future = crew.submit(job)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), left_s)
        except TimeoutError as error:
            crew.give_up(future)
            sentence = (
                f"the model did not answer within {self._limits.time_s:g} s; send fewer rows, or try later"
            )
            raise RequestError(504, sentence) from error

    async def _log(
        self, lane: Lane, scored: Scored, caller: Caller, route: ActiveRoute, started: float
    ) -> str:
        prediction_id = new_prediction_id()
        record = Record(
            prediction_id,
            time.time(),
            lane.held.model,
            lane.held.version,
            lane.variant,
            False,
            caller.request_id,
            _hashed(route.salt, caller.user_key),
            scored.columns,
            scored.rows,
            scored.predictions,
            scored.probabilities,
            int((time.perf_counter() - started) * 1e6),
        )
        await self._commit.commit(encode(record))
        return prediction_id

    async def _reject_busy(self, send: Send) -> None:
        self._tally.rejected("busy")
        error = RequestError(
            429, f"this worker is answering {self.in_flight} requests; try again in a second"
        )
        await respond(send, 429, error.body(), (JSON, (b"retry-after", b"1")))


def _lane(name: str, table: Table, user_key: bytes | None) -> tuple[ActiveRoute, Lane]:
    route = table.get(name)
    if route is None:
        raise unknown_model(name, table)
    lane = route.lane(user_key, random)
    if lane is None:
        why = "; ".join(route.problems) or f"route '{name}' has no variant that can answer"
        how = f"promote one: python -m serving.lifecycle promote {route.state.model} VERSION"
        raise RequestError(503, f"{why} ({how})")
    return route, lane


def _caller(headers: list[tuple[bytes, bytes]]) -> Caller:
    found: Mapping[bytes, bytes] = dict(headers)
    length = found.get(b"content-length", b"0")
    return Caller(
        found.get(b"content-type"),
        found.get(b"x-user-id") or None,
        _clean(found.get(b"x-request-id")),
        int(length) if length.isdigit() else 0,
    )


def _clean(request_id: bytes | None) -> str | None:
    if not request_id or not request_id.isascii():
        return None
    text = request_id.decode("ascii")[:REQUEST_ID_CHARS]
    return text if text.isprintable() else None


def _hashed(salt: bytes, user_key: bytes | None) -> str | None:
    return None if user_key is None else sha256(salt + b"\0" + user_key).hexdigest()[:32]


def _reason(error: RequestError) -> str:
    return {404: "unknown_model", 408: "slow_body", 413: "body_too_large", 503: "no_version"}[error.status]
