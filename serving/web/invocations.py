"""The hot path: one request from its bytes to its answer, whatever the protocol.

    admit -> route -> read -> score -> log -> answer -> shadows

Everything before `score` is the event loop's; what takes longer than about a millisecond is scored in a
thread. The answer leaves only when its record is on the log.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import random

from serving.logs import REQUEST
from serving.prediction_log.group_commit import GroupCommit
from serving.prediction_log.record import new_prediction_id
from serving.protocol.dialect import Asked, Dialect
from serving.protocol.errors import RequestError
from serving.registry.table import ActiveRoute, Lane, Table
from serving.scorers.scorer import Scored
from serving.tracing import Trace, Tracing
from serving.web.admission import Admission, Busy
from serving.web.asgi import (
    ARRIVED,
    JSON,
    ClientLeft,
    Exchange,
    Headers,
    Send,
    address_of,
    check_length,
    read_body,
    respond,
)
from serving.web.caller import Caller, read_caller
from serving.web.encoding import CONTENT_ENCODING, LEAST_BYTES, packed, unpacked
from serving.web.fallback import HEADER as FALLBACK
from serving.web.fallback import Fallback
from serving.web.guards import Guards
from serving.web.names import unknown_model
from serving.web.override import chosen_lane, is_chosen
from serving.web.pinned import pinned_lane
from serving.web.records import answered, hashed
from serving.web.scoring import Scoring
from serving.web.shadows import Shadows
from serving.web.tally import Tally

SOON = (b"retry-after", b"1")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker takes on."""

    in_flight: int
    body_bytes: int
    time_s: float
    allows_override: bool = True


class Invocations:
    """Answers requests for predictions. For one event loop.

    Args:
        limits: What one worker takes on.
        admission: Counts what is taken on.
        scoring: Has requests scored.
        commit: The prediction log; None where none is kept.
        shadows: Scores copies of the traffic after the answer.
        tally: Counts what happens.
        guards: Who is let in, what refusals tell, and what the log may hold.
        tracing: Begins requests' traces; None traces nothing.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        admission: Admission,
        scoring: Scoring,
        commit: GroupCommit | None,
        shadows: Shadows,
        tally: Tally,
        guards: Guards | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self._limits, self._admission, self._scoring = limits, admission, scoring
        self._commit, self._shadows, self._tally = commit, shadows, tally
        self._tracing = tracing
        guards = guards or Guards()
        self._gate, self._disclosure, self._masks = guards.gate, guards.disclosure, guards.masks
        self._fallback = Fallback(scoring, tally, limits.time_s)

    async def answer(self, name: str, dialect: Dialect, table: Table, http: Exchange) -> None:
        """Answer one request for a called name."""
        trace, http = (None, http) if self._tracing is None else self._tracing.begin(http)
        try:
            self._admission.check_lag(http.scope.get(ARRIVED, math.inf))
            if self._gate is not None:
                headers = http.scope["headers"]
                await self._gate.admit(headers, "predict", name, table, address_of(http.scope))
                if name not in table:
                    raise unknown_model(name, self._gate.visible(headers, table))
            with self._admission.request():
                await self._admitted(name, dialect, table, http, trace)
        except ClientLeft:
            self._tally.rejected("client_left")
        except RequestError as error:
            self._tally.rejected(_reason(error))
            shown = self._disclosure.shown(error)
            await respond(http.send, error.status, dialect.refusal(shown), (JSON, *shown.headers))
        finally:
            if trace is not None:
                trace.end()

    async def _admitted(
        self, name: str, dialect: Dialect, table: Table, http: Exchange, trace: Trace | None
    ) -> None:
        started = http.scope.get(ARRIVED) or time.perf_counter()
        caller, prediction_id = read_caller(http.scope["headers"]), new_prediction_id()
        REQUEST.set(caller.request_id or prediction_id)
        check_length(caller.length, self._limits.body_bytes)
        route, lane, heir = _lane(
            name, dialect.wanted, table, caller, allows_override=self._limits.allows_override
        )
        if trace is not None:
            trace.routed(lane, prediction_id)
        asked = Asked(await self._read(http, caller.headers, trace), caller.headers)
        echo, scored = caller.echo, None
        try:
            if heir is not None:
                scored = await self._fallback.tried(route, lane, dialect, asked, started)
                if scored is None:
                    lane, echo = heir, (*echo, (FALLBACK, lane.variant.encode()))
            if scored is None:
                scored = await self._scoring.scored(lane, dialect, asked, started)
        except Busy:
            raise
        except RequestError as error:
            self._tally.meter(lane).answered(error.status, 0, time.perf_counter() - started)
            await self._refuse(http.send, dialect, error, lane=lane, caller=caller, echo=echo)
            return
        if trace is not None:
            trace.scored(lane, scored.count)
        if self._commit is not None:
            line = answered(
                prediction_id,
                lane,
                scored,
                request_id=caller.request_id,
                user_key=hashed(route.salt, caller.user_key),
                spent_s=time.perf_counter() - started,
                masks=self._masks,
            )
            await self._commit.commit(line)
        sent = scored if len(scored.body) < LEAST_BYTES else await packed(scored, caller.headers)
        await respond(http.send, 200, sent.body, _headers(lane, sent, echo, prediction_id))
        self._tally.meter(lane).answered(200, scored.count, time.perf_counter() - started)
        for shadow in route.shadows:
            self._shadows.offer(shadow, dialect, asked, caller.request_id or prediction_id)

    async def _refuse(
        self, send: Send, dialect: Dialect, error: RequestError, *, lane: Lane, caller: Caller, echo: Headers
    ) -> None:
        shown = self._disclosure.shown(error, caller.request_id)
        told = echo if self._disclosure.is_terse else (*lane.headers, *echo)
        await respond(send, error.status, dialect.refusal(shown), (JSON, *told, *shown.headers))

    async def _read(self, http: Exchange, headers: Mapping[bytes, bytes], trace: Trace | None) -> bytes:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._limits.time_s):
                body = await read_body(http.receive, self._limits.body_bytes)
        except TimeoutError as error:
            raise RequestError(408, f"the body must arrive within {self._limits.time_s:g} s") from error
        # From here on the wait is for the event loop; before, it was for the caller or for who lets him in.
        self._admission.check_lag(max(http.scope.get(ARRIVED, math.inf), began))
        coding = headers.get(CONTENT_ENCODING)
        if coding is not None:
            body = await unpacked(body, coding, self._limits.body_bytes)
        if trace is not None:
            trace.step("score")
        return body


def _headers(lane: Lane, scored: Scored, echo: Headers, prediction_id: str) -> Headers:
    return (*scored.headers, *lane.headers, (b"x-prediction-id", prediction_id.encode()), *echo)


def _lane(
    name: str, wanted: str | None, table: Table, caller: Caller, *, allows_override: bool
) -> tuple[ActiveRoute, Lane, Lane | None]:
    """The route of a name, who answers the caller, and who answers in that one's place."""
    route = table.get(name)
    if route is None:
        raise unknown_model(name, table)
    if wanted is not None:
        return route, pinned_lane(route, wanted, is_allowed=allows_override), None
    if route.lanes and is_chosen(caller.headers):
        return route, chosen_lane(route, caller.headers, is_allowed=allows_override), None
    lane = route.lane(caller.user_key, random)
    if lane is None:
        why = "; ".join(route.problems) or f"route '{name}' has no variant that can answer"
        if any(state.is_coming for state in route.state.variants):
            raise RequestError(503, f"{why}; try again in a second", headers=(SOON,))
        how = f"promote one: python -m serving.lifecycle promote {route.state.model} VERSION"
        raise RequestError(503, f"{why} ({how})")
    return route, lane, None if lane is route.champion else route.champion


def _reason(error: RequestError) -> str:
    return (
        error.reason
        or {
            404: "unknown_model",
            408: "slow_body",
            413: "body_too_large",
            429: "busy",
            503: "no_version",
        }[error.status]
    )
